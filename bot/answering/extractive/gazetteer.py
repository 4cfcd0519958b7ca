"""Countries and states by name, in lower case: what "which country" can be answered with."""

from __future__ import annotations


def _listed(names: str) -> frozenset[str]:
    return frozenset(name.strip() for name in names.split(","))


COUNTRIES = _listed(
    "afghanistan,albania,algeria,andorra,angola,argentina,armenia,australia,austria,azerbaijan,bahamas,bahrain,"
    "bangladesh,barbados,belarus,belgium,belize,benin,bhutan,bolivia,bosnia,bosnia and herzegovina,botswana,brazil,"
    "britain,brunei,bulgaria,burkina faso,burma,burundi,cambodia,cameroon,canada,cape verde,chad,chile,china,colombia,"
    "comoros,congo,costa rica,croatia,cuba,cyprus,czech republic,czechia,denmark,djibouti,dominica,dominican republic,"
    "ecuador,egypt,el salvador,england,equatorial guinea,eritrea,estonia,eswatini,ethiopia,fiji,finland,france,gabon,"
    "gambia,georgia,germany,ghana,great britain,greece,greenland,grenada,guatemala,guinea,guyana,haiti,honduras,"
    "hong kong,hungary,iceland,india,indonesia,iran,iraq,ireland,israel,italy,ivory coast,jamaica,japan,jordan,"
    "kazakhstan,kenya,kiribati,kosovo,kuwait,kyrgyzstan,laos,latvia,lebanon,lesotho,liberia,libya,liechtenstein,"
    "lithuania,luxembourg,madagascar,malawi,malaysia,maldives,mali,malta,marshall islands,mauritania,mauritius,mexico,"
    "micronesia,moldova,monaco,mongolia,montenegro,morocco,mozambique,myanmar,namibia,nauru,nepal,netherlands,"
    "new zealand,nicaragua,niger,nigeria,north korea,north macedonia,northern ireland,norway,oman,pakistan,palau,"
    "palestine,panama,papua new guinea,paraguay,peru,philippines,poland,portugal,puerto rico,qatar,romania,russia,"
    "rwanda,samoa,san marino,saudi arabia,scotland,senegal,serbia,seychelles,sierra leone,singapore,slovakia,slovenia,"
    "solomon islands,somalia,south africa,south korea,south sudan,spain,sri lanka,sudan,suriname,sweden,switzerland,"
    "syria,taiwan,tajikistan,tanzania,thailand,timor-leste,togo,tonga,trinidad and tobago,tunisia,turkey,turkmenistan,"
    "tuvalu,türkiye,u.k,u.s,uganda,uk,ukraine,united arab emirates,united kingdom,united states,uruguay,us,uzbekistan,"
    "vanuatu,vatican,venezuela,vietnam,wales,yemen,zambia,zimbabwe"
)
STATES = _listed(
    "alabama,alaska,arizona,arkansas,california,colorado,connecticut,delaware,florida,georgia,hawaii,idaho,illinois,"
    "indiana,iowa,kansas,kentucky,louisiana,maine,maryland,massachusetts,michigan,minnesota,mississippi,missouri,montana,"
    "nebraska,nevada,new hampshire,new jersey,new mexico,new york,north carolina,north dakota,ohio,oklahoma,oregon,"
    "pennsylvania,rhode island,south carolina,south dakota,tennessee,texas,utah,vermont,virginia,washington,"
    "west virginia,wisconsin,wyoming,bavaria,bihar,british columbia,gujarat,karnataka,kerala,maharashtra,manipur,"
    "new south wales,ontario,punjab,quebec,queensland,tamil nadu,uttar pradesh,victoria,western australia"
)
