"""Words that the gate knows: what counts little, what means the same, what means the opposite."""

from __future__ import annotations

from typing import Final

from retrieval.text.time_expressions import MONTH_NAMES, WEEKDAY_NAMES


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def _groups(text: str) -> dict[str, str]:
    """Each word of a line, by the first word of its line."""
    folded: dict[str, str] = {}
    for line in text.strip().splitlines():
        first, *others = line.split()
        folded.update(dict.fromkeys(others, first))
    return folded


def _pairs(text: str) -> dict[str, frozenset[str]]:
    """Words on the two sides of a ``/``, each with its opposites."""
    opposite: dict[str, frozenset[str]] = {}
    for line in text.strip().splitlines():
        left, right = (frozenset(side.split()) for side in line.split("/"))
        for word in left:
            opposite[word] = opposite.get(word, frozenset()) | right
        for word in right:
            opposite[word] = opposite.get(word, frozenset()) | left
    return opposite


# They carry no content of their own; in lower case.
STOP: Final = word_set(
    "a about above after again all along also although am among an and any are around as at be because been before "
    "being below between both but by can could did do does doing done down during each either else ever every few for "
    "from further had has have having he her here hers herself him himself his how however i if in indeed into is it its "
    "itself just like made make many may me meanwhile might mine more most much must my myself of off on once one ones only onto or "
    "other our ours out over own per rather really said same say says she should since so some such than that the their "
    "theirs them themselves then there these they this those though through thus to too toward towards under until up upon us "
    "very via was we were what when where whether which while who whom whose why will with within without would yet you your yours "
    "according accord told tell tells s t re ve ll d m mr mrs ms dr sir still well back even now not no nor"
)

# Irregular forms and words that news uses for one another: the first of a line stands for it.
SAME: Final = _groups(
    """
    say said says saying stated stating
    tell told telling
    win won winning wins winner winners
    beat beaten beats beating defeat defeated
    lose lost losing loses loss losses
    rise rose risen rising
    fall fell fallen
    buy bought purchase purchased purchasing acquire acquired acquisition
    sell sold sale sales
    make made making
    go went gone going
    give gave given giving
    take took taken taking
    get got gotten getting receive received receiving
    come came coming
    see saw seen
    know knew known
    think thought believe believes believed
    find found discover discovered
    begin began begun start started starting beginning launch launched
    leave left leaving depart departed departure departing
    keep kept
    hold held
    bring brought
    speak spoke spoken
    break broke broken
    write wrote written
    drive drove driven
    grow grew grown growth
    show showed shown reveal revealed
    fly flew flown
    pay paid payment
    lead led
    meet met
    send sent
    spend spent
    build built construct constructed construction building
    teach taught
    catch caught
    fight fought
    steal stole stolen
    shoot shot shooting
    strike struck hit hits
    throw threw thrown
    choose chose chosen pick picked select selected
    become became
    die died dies death deaths dead dying
    kill killed slain slay killing
    hurt injured injure injuring injury injuries wounded
    man men
    woman women
    child children kid kids
    person people persons individuals individual
    foot feet
    police officers cops officer policeman policemen
    company firm corporation companies firms
    movie film movies films
    car automobile vehicle cars vehicles
    doctor physician doctors physicians
    worker employee workers employees staff staffers
    house home houses homes
    government administration
    big large huge major
    end ended finish finished concluded
    near close nearby
    almost nearly
    about around approximately roughly some
    help aid assist assistance helped assisting
    need require required requires requirement
    try attempt attempted tried tries effort
    quick quickly fast swift swiftly
    often frequently
    show exhibit
    allow let permit permitted allowed
    agree agreed consent consented
    announce announced unveil unveiled
    ask asked request requested requests
    plan plans planned scheme intend intends intended
    strike walkout walkouts
    cut reduce reduced reduction reducing slash slashed decrease decreased lower lowered
    increase increased raise raised raises boost boosted
    attack assault attacked assaulted
    use employ used
    prison jail imprisoned jailed
    sentence sentenced
    charge charged charges
    earn earns earned
    boss chief head ceo leader
    maker manufacturer automaker carmaker
    country nation nations countries
    game match
    goal score scored
    sign signed signing
    fix repair repaired repairs
    trouble problem problems issue issues
    talk talks negotiation negotiations discussion discussions
    expect expected expects anticipate
    warn warned warning caution cautioned
    claim claimed claims allege alleged
    back support supported supports backed
    approve approved approval
    resign quit resigned quits
    wife husband spouse
    study research report
    test trial
    deadly fatal
    release released releases publish published publishes
    nominate nominated nomination nominations nominee nominees
    host hosted hosts
    quarterly quarter
    soldier soldiers troop troops
    oppose opposed opposes
    continue continued continuing continues
    hope hopes hoped
    fear fears feared worry worries
    award prize
    vaccine jab vaccination
    job jobs post position
    pact deal agreement accord
    visit trip
    cost costs price prices
    ban banned prohibit prohibited
    convict convicted conviction
    arrest arrested detained
    us usa american americans america
    uk britain british britons
    eu european europe europeans
    un
    """
)  # fmt: skip

ABBREVIATIONS: Final = {
    "u.s": "us", "u.s.a": "us", "u.k": "uk", "e.u": "eu", "u.n": "un", "gov": "governor", "sen": "senator", "rep": "representative",
    "gen": "general", "lt": "lieutenant", "col": "colonel", "sgt": "sergeant", "prof": "professor", "st": "saint", "govt": "government",
    "dept": "department", "inc": "inc", "corp": "corporation", "co": "company", "ltd": "limited", "supt": "superintendent",
    "jan": "january", "feb": "february", "apr": "april", "aug": "august", "sept": "september", "oct": "october",
    "nov": "november", "tues": "tuesday", "thurs": "thursday",
    "et": "eastern", "pt": "pacific", "insp": "inspector", "det": "detective", "pres": "president", "sec": "secretary", "min": "minister", "capt": "captain",
}  # fmt: skip

# Sequences that become one word before anything is compared.
PHRASES: Final = {
    ("united", "states", "of", "america"): "us", ("united", "states"): "us", ("united", "kingdom"): "uk",
    ("great", "britain"): "uk", ("european", "union"): "eu", ("united", "nations"): "un", ("per", "cent"): "percent", ("no", "longer"): "nolonger",
}  # fmt: skip

# People and what is theirs, by country or place: all fold to the place.
DEMONYMS: Final = _groups(
    """
    japan japanese
    china chinese
    russia russian russians
    ukraine ukrainian ukrainians
    france french frenchman
    germany german germans
    italy italian italians
    spain spanish spaniard spaniards
    portugal portuguese
    netherlands dutch holland
    belgium belgian belgians
    switzerland swiss
    sweden swedish swede swedes
    norway norwegian norwegians
    denmark danish dane danes
    finland finnish finn finns
    poland polish pole poles
    ireland irish irishman
    scotland scottish scots scot
    wales welsh
    england english englishman
    greece greek greeks
    turkey turkish turks turk
    israel israeli israelis
    palestine palestinian palestinians
    iran iranian iranians
    iraq iraqi iraqis
    syria syrian syrians
    lebanon lebanese
    egypt egyptian egyptians
    libya libyan libyans
    yemen yemeni yemenis
    arabia saudi saudis
    qatar qatari qataris
    afghanistan afghan afghans
    pakistan pakistani pakistanis
    india indian indians
    bangladesh bangladeshi
    korea korean koreans
    vietnam vietnamese
    thailand thai thais
    philippines filipino filipinos philippine
    indonesia indonesian
    malaysia malaysian
    australia australian australians aussie
    zealand zealander zealanders kiwi
    canada canadian canadians
    mexico mexican mexicans
    brazil brazilian brazilians
    argentina argentine argentinian argentines
    chile chilean
    colombia colombian
    venezuela venezuelan
    cuba cuban cubans
    peru peruvian
    nigeria nigerian nigerians
    kenya kenyan kenyans
    ethiopia ethiopian
    somalia somali
    sudan sudanese
    mali malian
    morocco moroccan
    algeria algerian
    tunisia tunisian
    africa african africans
    asia asian asians
    hungary hungarian
    romania romanian
    bulgaria bulgarian
    serbia serbian serb serbs
    croatia croatian
    austria austrian
    czechia czech
    belarus belarusian
    georgia georgian
    taiwan taiwanese
    california californian californians
    texas texan texans
    democrat democrats democratic
    republican republicans gop
    islam muslim muslims islamic
    twitter tweet tweeted tweets
    """
)  # fmt: skip

OPPOSITES: Final = _pairs(
    """
    rise increase gain grow higher up climb jump soar surge / fall decrease decline drop lower down cut shrink plunge slump
    increase raise boost expand / cut reduce decrease
    more / less fewer
    most / least
    win beat / lose
    before / after
    accept / reject refuse decline
    approve / reject
    pass / fail drop
    agree / refuse disagree decline
    support back / oppose
    confirm admit / deny
    acquit clear / convict
    guilty / innocent
    best better / worst worse
    open / close shut
    legal / illegal banned ban
    allow / ban forbid block prevent
    always / never
    success succeed / failure fail
    begin / stop end
    arrive / leave
    alive survive / die
    strong strengthen / weak weaken
    safe / dangerous unsafe
    early earlier / late later
    possible / impossible
    likely / unlikely
    able / unable
    happy / unhappy sad
    true / false lie untrue
    truth / lie
    hire / fire dismiss
    free / jail
    ally / enemy
    include / exclude
    attack / defend
    love / hate
    boost spur fuel help / stunt hamper curb hinder slow hurt
    easy uneasy / hard difficult
    easy / uneasy
    friendly / hostile unfriendly
    majority / minority
    north northern / south southern
    east eastern / west western
    northeast northeastern / northwest northwestern southeast southeastern
    add / remove
    maximum / minimum
    public / private
    positive / negative
    old older / young younger
    rich / poor
    cheap cheaper / expensive
    high / low
    long / short
    large largest big biggest / small smallest
    optimistic / pessimistic
    enter / leave
    join / quit leave
    import / export
    ahead above / behind below
    wide / narrow
    hot warm / cold cool
    day / night
    ease / tighten
    lift / impose
    willing / unwilling
    certain / uncertain
    known / unknown
    healthy / sick
    full / empty
    remember / forget
    encourage / discourage
    praise / criticize criticise condemn
    profit / loss
    strengthen / weaken
    accelerate / slow
    buy / sell
    lend / borrow
    stay remain / leave
    mild / severe
    innocent / guilty
    good / bad
    same / different
    top / bottom
    over / under
    start / finish stop
    allow permit / prohibit
    fast / slow
    heavy / light
    improve / worsen deteriorate
    extend / shorten
    tighten / loosen
    arrest / release free
    attend / miss skip
    welcome / condemn criticize
    uphold / overturn reverse
    victory win / defeat
    ally / rival
    domestic / foreign
    permanent / temporary
    voluntary optional / mandatory required
    partial / complete full
    rural / urban
    senior / junior
    former / current
    inside / outside
    shortage deficit / surplus
    advance / retreat
    friend / enemy
    peace / war
    create / destroy
    appear / disappear
    hopeful / hopeless
    lenient / harsh
    sunny / rainy
    single / married
    reveal / conceal hide
    begin / conclude
    resume / suspend
    keep / abandon drop scrap
    cheer / boo
    promote / demote
    hero / villain
    victim / suspect
    """
)  # fmt: skip

NEGATIONS: Final = word_set(
    "not no never none nobody nothing nowhere neither nor without cannot nolonger hardly barely scarcely "
    "deny denied denies denying fail failed fails failing failure refuse refused refuses refusing "
    "unable lack lacks lacked lacking false"
)

TITLES: Final = word_set("mr mrs ms miss dr sir lord lady dame prof professor")

SPEECH: Final = word_set(
    "said says say saying told tells tell added adds wrote writes tweeted tweets stated states explained explains noted notes "
    "replied warned argued claimed insisted announced posted declared quipped joked recalled testified "
    "remarked asked concluded admitted acknowledged called described responded continued shared"
)

WEEKDAYS: Final = {
    **{name: number for number, name in enumerate(WEEKDAY_NAMES)},
    "mon": 0, "tues": 1, "tue": 1, "wed": 2, "thurs": 3, "thu": 3, "fri": 4,
}  # fmt: skip
MONTHS: Final = {
    **{name: number for number, name in enumerate(MONTH_NAMES, 1)},
    "jan": 1, "feb": 2, "apr": 4, "aug": 8, "sept": 9, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip

# Capitalised at the head of a sentence they are no names.
COMMON: Final = word_set(
    "a about according across activists actors actress after afterwards again against ago air all almost already also although always "
    "american among an analysts and animals annual another any anyone april apart are areas army around artists as asked at athletes "
    "attorneys august authorities average away babies back banks based because before being best better between big bill birds black "
    "blood boys british budget business businesses but buyers by call can candidates car cars case cases cats chief children cities "
    "citizens city civil climate club coach college comments companies company concerns congress consumers cops cost costs could council "
    "countries couples court courts creators crews critics crowds customers data days deaths december defendants demand despite detectives "
    "developers did diplomats directors doctors documents does dogs donors dozens drivers drug during each earlier early earnings economists "
    "economy education eight either election elections electric employees employers energy engineers english even eventually every everyone "
    "everything evidence ex executives experts facing fans families farmers february federal female few fewer fifteen film finally fire "
    "firefighters first five following food for forecasters former four free from full funding funds further game games gas general getting "
    "girls given global going gold government governments governor graduates groups growing growth guards guests half he health hello help "
    "her here high his home hospitals host hot hours house household households how however human hundreds hurricane i if immigrants in "
    "including indeed industry inflation initially injured inside instead interest international investigators investors is it its january "
    "jobs journalists judge judges july june jurors just keeping kids last late later lawmakers lawyers leaders least less life like live "
    "local long looking losses low major makers making male man managers many march markets may maybe mayor meanwhile media medical members "
    "men migrants military million millions mining ministers model models money more moreover most mothers mr mrs music national nations "
    "nearly neighbors neither never new news next night nine no nobody none north not nothing november now nurses observers october of "
    "officers official officials often oil old older on once one online only opposition or organizers other others our out outside over "
    "owners parents part participants parts party passengers past patients people percent perhaps personal pilots plans play players please "
    "police policy politicians poor power president previous prices prime prison private problems producers production professor profits "
    "prosecutors protesters public publishers pupils question questions readers recent recently red regulators relatives reporters reports "
    "republicans democrats rescuers research researchers residents retailers retired returning right rising russian sales saturday school schools "
    "scientists second security senior seven several shareholders shares she shoppers short should shows similarly since six small so social "
    "soldiers some someone something sometimes soon sources south speaking special spectators spokesman sports staff stars starting state "
    "states still stocks store stores storms strikes students studies study such summer supporters sure survivors tax taxpayers teachers "
    "team teams teens ten thanks that the their them then there these they thirty this those though thousands three through thus tickets "
    "tens to today together tomorrow tonight top total tourists trade traders traffic travelers troops trustees twelve twenty two under union "
    "unions unlike until up users usually vaccines vehicles very veterans victims video villagers visitors volunteers voters war was water "
    "we weather weekly well were what when where whether which while white who whoever whole why will winds winners winter with within "
    "without witnesses women workers world would writers yes yesterday yet you young your sales anger bad cause critics dead deadly "
    "elderly extra fears fellow foreign green heavy hopes inspectors lots mental nominees pay prior quick rain rather real rival rivals "
    "ruling scores separately sixteen snow speakers steps students temperatures talks tests thieves trains trucks twice typically women"
)

# Things too grave to be put into other words than these; a line holds what may stand for one another.
GRAVE: Final = (
    word_set("kill killed kills killing die died dies dead death deaths fatal fatally fatality fatalities murder murdered murders slain "
           "deadly manslaughter homicide suicide toll"),
    word_set("shot shoots shoot shooting gunfire gunned bullet gunman"),
    word_set("injured injuring wounded hurt injury injuries wounds hospital hospitalized hospitalised casualties stable"),
    word_set("arrest arrested arrests custody detained detention caught apprehended jailed charged captured"),
    word_set("resign resigned resigns resignation quit quits stepped step stepping leave left leaving departure ousted"),
    word_set("fired sacked dismissed dismiss dismissal laid layoff layoffs cuts cut ousted let redundant redundancies jobs removed firing"),
    word_set("convicted guilty conviction sentenced jailed pleaded convict"),
    word_set("acquitted acquittal cleared exonerated innocent"),
    word_set("sued sue suing lawsuit lawsuits suit suits court complaint litigation filed"),
    word_set("bankrupt bankruptcy insolvent insolvency administration liquidation chapter"),
    word_set("apologized apologised apology apologize apologise apologies sorry regret regrets"),
    word_set("banned ban bans prohibited barred barring forbidden outlawed illegal blocked suspended suspension"),
    word_set("hacked hack hackers breach breached cyberattack ransomware hacking"),
    word_set("divorce divorced divorcing split separated"),
    word_set("double doubled doubles doubling twice twofold"),
    word_set("triple tripled triples tripling threefold"),
    word_set("halve halved halves halving half"),
    word_set("bribe bribes bribery bribed corruption kickbacks"),
)  # fmt: skip
