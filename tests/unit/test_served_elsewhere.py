"""What readers of feeds and extractors of pages are told of by their users, in our own words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from retrieval.errors import UnreadableSource
from retrieval.extraction.dates import DateHints, parse_date
from tests.unit.served import LANGUAGES, item, items, page, paragraphs, read, rss, shown

_NOW = datetime(2026, 11, 29, tzinfo=UTC)
_EIGHT = "2026-11-24T08:00:00Z"
_TAGS = ["de", "fr", "ru", "zh", "ar", "hi", "tr"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Tue, Nov 24 2026 08:00:00 +0000", None), ("Tue, 24 Nov 2026 08:00:00 Z", None), ("mar, 24 nov 2026 08:00:00 GMT", "it"), ("2026-11-24T09:00:00+0100", None),
        ("2026-11-24T08:00:00.1234567Z", None), ("2026-11-24 09:00:00 Europe/Berlin", None), ("2026-11-24 03:00 America/New_York", None), ("2026-11-24 13:45 Asia/Kathmandu", None),
        ("Tue, 24 Nov 2026 13:30:00 +0530", None), ("Tue Nov 24 2026 09:00:00 GMT+0100 (Central European Standard Time)", None), ("Tue, 24 Nov 26 03:00:00 EST", None), ("Tuesday, 24-Nov-26 08:00:00 UTC", None),
        ("Τρι, 24 Νοε 2026 10:00:00 +0200", "el"), ("út, 24 lis 2026 08:00:00 +0000", "cs"), ("24. marraskuuta 2026 klo 8.00", "fi"), ("2026. november 24. 8:00", "hu"), ("24 de noviembre de 2026 08:00 a. m.", "es"),
        ("24/11/2026 15:00 GMT+7", "vi"), ("24 พ.ย. 2569 08:00 น.", "th"), ("Nov 24th, 2026 at 8:00am", "en"), ("2026/11/24 17:00 JST", None), ("24 листопада 2026, 10:00 EET", "uk"), ("24 ноября 2026 г. 11:00 MSK", "ru"),
        ("24 Kasım 2026 Salı 08:00", "tr"), ("24 नवंबर 2026, 08:00 बजे", "hi"), ("2026년 11월 24일 17:00 KST", "ko"), ("2026年11月24日 16:00 北京时间", "zh"), ("2026-11-24 17:00 日本時間", "ja"), ("Publicado em 24 nov 2026 às 08h00", "pt"),
        ("Gepubliceerd op dinsdag 24 november 2026 om 08.00 uur", "nl"), ("Opublikowano: 24.11.2026 g. 8:00", "pl"), ("Aktualizace: 24. listopadu 2026 8:00", "cs"), ("1795507200.0", None),
    ],
)  # fmt: skip
def test_a_moment_as_feeds_write_it(text: str, language: str | None) -> None:
    assert shown(parse_date(text, DateHints(language, None, _NOW))) == _EIGHT


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [("Thứ Ba, ngày 24 tháng 11 năm 2026", "vi", "2026-11-24"), ("۲۴ نوامبر ۲۰۲۶", "fa", "2026-11-24"), ("২৪ নভেম্বর ২০২৬", "bn", "2026-11-24"), ("5 hours ago", "en", None), ("vor 2 Stunden", "de", None), ("gestern", "de", None),
     ("1970-01-01T01:00:00+01:00", None, None), ("99999999999999", None, None), ("2026-13-45", None, None), ("31.02.2026", None, None), ("-62135596800", None, None)],
)  # fmt: skip
def test_a_day_or_none(text: str, language: str | None, day: str | None) -> None:
    assert shown(parse_date(text, DateHints(language, None, _NOW))) == day


@pytest.mark.parametrize(
    ("feed", "link"),
    [
        ('<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://varsundpost.example/blog/"><title>x</title><entry xml:base="When/2026/"><title>T</title><link href="Texas"/><id>u:1</id></entry></feed>', "https://varsundpost.example/blog/When/2026/Texas"),
        (rss("<item><title>T</title><guid>https://varsundpost.example/g/1</guid></item>"), "https://varsundpost.example/g/1"),
        (rss('<item><title>T</title><link/><atom:link xmlns:atom="http://www.w3.org/2005/Atom" href="https://varsundpost.example/a/1"/></item>'), "https://varsundpost.example/a/1"),
        (rss('<item><title>T</title><link>https://proxy.example/~r/1</link><feedburner:origLink xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0">https://varsundpost.example/o/1</feedburner:origLink></item>'), "https://varsundpost.example/o/1"),
        (rss(item("Q & A", link="https://varsundpost.example/n?a=1&b=2")), "https://varsundpost.example/n?a=1&b=2"),
        ('{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[{"id":"1","url":"/j/1","title":"T"}]}', "https://varsundpost.example/j/1"),
    ],
    ids=["base", "guid", "atom", "counted", "ampersand", "json"],
)  # fmt: skip
def test_where_an_item_is(feed: str, link: str) -> None:
    assert items(feed)[0].url == link


@pytest.mark.parametrize("before", ["<br />\n<b>Warning</b>: Undefined index in <b>/x.php</b> on line <b>3</b><br />\n", "\n\n\ufeff", "   "])  # fmt: skip
def test_what_a_broken_template_writes_before_a_feed(before: str) -> None:
    assert [each.title for each in items(before + rss(item()))] == ["Mill becomes a library"]


def test_one_id_for_all_items_tells_none_apart() -> None:
    feed = rss(
        *(
            f'<item><title>T{n}</title><link>https://varsundpost.example/n/{n}</link><guid isPermaLink="false">N/A</guid></item>'
            for n in range(3)
        )
    )
    assert len({each.key for each in items(feed)}) == 3


@pytest.mark.parametrize(("label", "codec"), [("cp-1251", "cp1251"), ("KOI8-R", "koi8_r"), ("Windows1251", "cp1251"), ("x-cp1251", "cp1251")])  # fmt: skip
def test_labels_that_no_standard_knows(label: str, codec: str) -> None:
    title = LANGUAGES["ru"]["title"]
    data = rss(item(title), declaration=f'<?xml version="1.0" encoding="{label}"?>').encode(codec)
    assert items(data)[0].title == title


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("<author>ilse@varsundpost.example (Ilse Krog)</author>", ("Ilse Krog",)), ("<author>ilse@varsundpost.example</author>", ()), ("<author>Redaktion</author>", ()),
        ("<author>Von Ilse Krog und Tor Vik</author>", ("Ilse Krog", "Tor Vik")), ("<author>By Ilse Krog, staff writer</author>", ("Ilse Krog",)), ("<author>بقلم: سارة العلي</author>", ("سارة العلي",)),
        ("<author>Ilse Krog &lt;ilse@varsundpost.example&gt;</author>", ("Ilse Krog",)), ("<author>Автор: Ильзе Крог</author>", ("Ильзе Крог",)),
    ],
)  # fmt: skip
def test_authors_of_items(given: str, names: tuple[str, ...]) -> None:
    assert items(rss(item(more=given)))[0].authors == names


@pytest.mark.parametrize("text", ["&amp;lt;p&amp;gt;{}&amp;lt;/p&amp;gt;", "&lt;p&gt;{}&lt;/p&gt;", "<![CDATA[<p>{}</p>]]>"])  # fmt: skip
@pytest.mark.parametrize("tag", ["de", "ja", "ar"])
def test_markup_in_descriptions_however_often_it_is_escaped(text: str, tag: str) -> None:
    line = paragraphs(tag)[0]
    feed = f"<item><title>T</title><link>https://varsundpost.example/e/1</link><description>{text.format(line)}</description></item>"
    assert items(rss(feed))[0].text == line


@pytest.mark.parametrize("tag", _TAGS)
@pytest.mark.parametrize("shape", ["sections", "breaks", "divs", "quote", "time", "dateline"])
def test_paragraphs_of_any_make_stay(tag: str, shape: str) -> None:
    lines = paragraphs(tag)
    first, *rest = lines
    whole = "".join(f"<p>{line}</p>" for line in rest)
    body = {
        "sections": '<div class="part">'
        + '</div><aside class="ad">Ad</aside><div class="part">'.join(
            f"<p>{line}</p>" for line in lines
        )
        + "</div>",
        "breaks": "<br><br>".join(lines),
        "divs": "".join(f"<div>{line}</div>" for line in lines),
        "quote": f"<p>{first}</p><blockquote><p>{rest[0]}</p></blockquote>"
        + "".join(f"<p>{line}</p>" for line in rest[1:]),
        "time": f'<p><time datetime="2026-11-24">{first[:9]}</time>{first[9:]}</p>{whole}',
        "dateline": f'<p><span class="dateline">VARSUND</span> {first}</p>{whole}',
    }[shape]
    text = read(page(tag, body=body)).text
    assert [line for line in lines if line not in text] == []


@pytest.mark.parametrize("tag", _TAGS)
def test_captions_and_bars_of_videos_go(tag: str) -> None:
    caption = LANGUAGES[tag]["brief"][0]
    first, *rest = (f"<p>{line}</p>" for line in paragraphs(tag))
    figure = f"<figure><img src=x><figcaption>{caption} Ann Lee</figcaption></figure>"
    bar = '<div class="video-player"><span>0:00 / 2:31</span><button>Play</button></div>'
    text = read(page(tag, body=first + figure + bar + "".join(rest))).text
    assert caption not in text
    assert "0:00" not in text


@pytest.mark.parametrize("tag", LANGUAGES)
def test_authors_that_are_told_elsewhere_in_json_ld(tag: str) -> None:
    graph = (
        '<meta charset="utf-8"><script type="application/ld+json">{"@graph":[{"@type":"Person","@id":"#p","name":"Ilse Krog"},{"@type":"NewsArticle","headline":"'
        + LANGUAGES[tag]["title"]
        + '","author":{"@id":"#p"},"datePublished":"2026-11-24T08:00:00Z"}]}</script>'
    )
    article = read(page(tag, head=graph))
    assert (article.authors, shown(article.published)) == (("Ilse Krog",), _EIGHT)


@pytest.mark.parametrize(
    ("line", "names"),
    [("김철수 기자 kim@news.example", ("김철수",)), ("Ein Gastbeitrag von Ilse Krog", ("Ilse Krog",)), ("Tribune de Ilse Krog", ("Ilse Krog",)), ("ilse@news.example", ())],
)  # fmt: skip
def test_bylines_with_addresses_and_kinds(line: str, names: tuple[str, ...]) -> None:
    assert read(page("de", above=f"<p>{line}</p>")).authors == names


_WALLS = {
    "de": "Jetzt für nur 1 € im ersten Monat testen und diesen Artikel sofort lesen.", "fr": "Il vous reste 80% de cet article à découvrir. La suite est réservée aux abonnés.",
    "es": "Para continuar leyendo, suscríbete por 1€ al mes.", "it": "Questo contenuto è riservato agli abbonati. Sblocca per 1€.", "nl": "Verder lezen? Neem een abonnement voor 1 euro.",
    "sv": "Vill du läsa hela artikeln? Prenumerera för 1 kr.", "da": "Vil du læse videre? Køb abonnement for 1 kr.", "fi": "Jatka lukemista – tilaa nyt 1 eurolla.", "cs": "Zbývá 75 % článku. Pokračujte s předplatným.",
    "hu": "A cikk folytatása csak előfizetőknek érhető el.", "ko": "이 기사의 나머지는 구독자만 볼 수 있습니다.", "uk": "Цей матеріал доступний лише передплатникам.", "pt": "Para continuar a ler este artigo, faça a sua assinatura.",
    "ja": "この記事は有料会員限定です。残り1200文字", "zh": "剩余70%内容请订阅后查看", "ar": "هذا المقال متاح للمشتركين فقط. اشترك الآن.", "hi": "यह लेख केवल सब्सक्राइबर्स के लिए है।", "tr": "Bu haberin devamını okumak için abone olun.",
    "ru": "Чтобы дочитать, оформите подписку за 1 ₽.", "el": "Το άρθρο είναι μόνο για συνδρομητές.", "ro": "Articol disponibil doar pentru abonați.", "vi": "Bài viết chỉ dành cho thuê bao. Đăng ký để đọc tiếp.",
    "th": "เนื้อหานี้สำหรับสมาชิกเท่านั้น", "id": "Artikel ini khusus pelanggan. Berlangganan untuk membaca.", "he": "הכתבה למנויים בלבד",
}  # fmt: skip


@pytest.mark.parametrize("tag", _WALLS)
def test_walls(tag: str) -> None:
    base = tag if tag in LANGUAGES else "en"
    begun = "".join(f"<p>{line}</p>" for line in paragraphs(base)[:2])
    html = page(base, body=f'{begun}<div class="zz9"><p>{_WALLS[tag]}</p><a href="/b">OK</a></div>')
    with pytest.raises(UnreadableSource) as refused:
        read(html)
    assert refused.value.code == "paywall"


@pytest.mark.parametrize("offer", ["Wgweqo 1 € mloi", "Qpq ₹99 xoo", "ぬぬぬ月額980円ぬぬ", "Gro 9,90 zł dte", "Шаа 99 ₽ мыы"])  # fmt: skip
def test_an_offer_at_the_end_of_a_beginning_is_a_wall_in_no_language(offer: str) -> None:
    begun = f"<p>{paragraphs('de')[0]}</p><p>{paragraphs('de')[1]}</p>"
    box = f'<div class="q"><p>{offer} {offer}</p><a href="/b">→</a></div>'
    with pytest.raises(UnreadableSource) as refused:
        read(page("de", body=begun + box))
    assert refused.value.code == "paywall"
    # Behind a whole article the same is an advertisement.
    text = "".join(f"<p>{line}</p>" for line in paragraphs("de") * 2)
    assert paragraphs("de")[3] in read(page("de", body=text + box)).text


@pytest.mark.parametrize(
    ("tag", "heading", "text", "code"),
    [
        ("de", "Anmelden", "Melden Sie sich an, um fortzufahren", "login-page"), ("fr", "Connexion", "Identifiez-vous pour continuer", "login-page"), ("ja", "ログイン", "続けるにはログインしてください", "login-page"),
        ("ru", "Вход", "Введите логин и пароль", "login-page"), ("ar", "تسجيل الدخول", "أدخل كلمة المرور", "login-page"), ("ko", "로그인", "로그인하세요", "login-page"),
        ("de", "Hoppla!", "Diese Seite existiert nicht mehr oder wurde verschoben.", "page-not-found"), ("fr", "Oups !", "La page que vous cherchez n’existe pas ou plus.", "page-not-found"),
        ("es", "¡Vaya!", "No encontramos la página que buscas.", "page-not-found"), ("pl", "Ups!", "Strona, której szukasz, nie istnieje.", "page-not-found"), ("ja", "お探しのページは見つかりませんでした", "URLが変更されたか、削除された可能性があります。", "page-not-found"),
        ("zh", "抱歉", "您访问的页面不存在或已被删除", "page-not-found"), ("ru", "Страница не найдена", "Возможно, она была удалена или перенесена.", "page-not-found"), ("ko", "페이지를 찾을 수 없습니다", "주소가 바르게 입력되었는지 확인하세요.", "page-not-found"),
        ("it", "Pagina non trovata", "La pagina che stai cercando non esiste.", "page-not-found"),
    ],
)  # fmt: skip
def test_pages_to_log_in_on_and_pages_that_are_gone(
    tag: str, heading: str, text: str, code: str
) -> None:
    more = f"<p>{paragraphs(tag if tag in LANGUAGES else 'en')[0]}</p>"
    form = "<form><input name=u><input type=password name=p><button>OK</button></form>"
    html = (
        f'<html lang="{tag}"><head><title>{heading} | Varsund Post</title></head><body><main><article><h1>{heading}</h1>'
        f"<p>{text}</p>{form if code == 'login-page' else more}</article></main></body></html>"
    )
    with pytest.raises(UnreadableSource) as refused:
        read(html)
    assert refused.value.code == code


# Lines about the page, the newsletter, the picture, other articles; the third, a correction, stays.
_LINES = {
    "en": ["© 2026 Varsund Post. All rights reserved.", "Sign up to our weekly newsletter for the best stories.", "This article was amended on 24 November 2026 to correct a figure.", "Follow us on Facebook and Instagram.", "Photograph: Ann Lee/Getty Images", "More on this story: Council rejects funds", "Reporting by Ann Lee; Editing by Bo Ek"],
    "de": ["© 2026 Varsund Post. Alle Rechte vorbehalten.", "Abonnieren Sie unseren Newsletter und verpassen Sie nichts.", "Anmerkung der Redaktion: In einer früheren Version stand eine falsche Zahl.", "Folgen Sie uns auf Facebook und Instagram.", "Foto: Ann Lee/dpa", "Mehr zum Thema: Gemeinderat lehnt Geld ab", "Mehr zu diesem Thema: Gemeinderat lehnt ab"],
    "fr": ["© 2026 Varsund Post. Tous droits réservés.", "Inscrivez-vous à notre newsletter pour ne rien manquer.", "Note de la rédaction : une version précédente contenait une erreur.", "Suivez-nous sur Facebook et Instagram.", "Crédit photo : Ann Lee/AFP", "Sur le même sujet : Le conseil refuse les fonds", "À lire également : Le conseil refuse"],
    "es": ["© 2026 Varsund Post. Todos los derechos reservados.", "Suscríbete a nuestro boletín y no te pierdas nada.", "Nota de la redacción: una versión anterior contenía un error.", "Síguenos en Facebook e Instagram.", "Foto: Ann Lee/EFE", "Lea también: El concejo niega los fondos", "Noticias relacionadas: El concejo niega"],
    "it": ["© 2026 Varsund Post. Tutti i diritti riservati.", "Iscriviti alla nostra newsletter per non perdere nulla.", "Nota della redazione: una versione precedente conteneva un errore.", "Seguici su Facebook e Instagram.", "Foto: Ann Lee/ANSA", "Leggi anche: Il consiglio nega i fondi", "Potrebbe interessarti: Il consiglio nega"],
    "pt": ["© 2026 Varsund Post. Todos os direitos reservados.", "Assine a nossa newsletter e não perca nada.", "Nota da redação: uma versão anterior continha um erro.", "Siga-nos no Facebook e no Instagram.", "Foto: Ann Lee/Lusa", "Leia também: Câmara nega verba", "Veja também: Câmara nega verba"],
    "nl": ["© 2026 Varsund Post. Alle rechten voorbehouden.", "Schrijf je in voor onze nieuwsbrief en mis niets.", "Noot van de redactie: een eerdere versie bevatte een fout.", "Volg ons op Facebook en Instagram.", "Foto: Ann Lee/ANP", "Lees ook: Raad wijst geld af", "Lees meer: Raad wijst geld af"],
    "pl": ["© 2026 Varsund Post. Wszelkie prawa zastrzeżone.", "Zapisz się do naszego newslettera i bądź na bieżąco.", "Od redakcji: wcześniejsza wersja zawierała błąd.", "Obserwuj nas na Facebooku i Instagramie.", "Fot. Ann Lee/PAP", "Czytaj też: Rada odrzuca wniosek", "Zobacz także: Rada odrzuca wniosek"],
    "sv": ["© 2026 Varsund Post. Alla rättigheter förbehållna.", "Anmäl dig till vårt nyhetsbrev så missar du inget.", "Rättelse: I en tidigare version fanns ett fel.", "Följ oss på Facebook och Instagram.", "Foto: Ann Lee/TT", "Läs också: Nämnden säger nej", "Läs mer: Nämnden säger nej"],
    "tr": ["© 2026 Varsund Post. Tüm hakları saklıdır.", "Bültenimize abone olun, hiçbir haberi kaçırmayın.", "Editörün notu: Önceki sürümde bir hata vardı.", "Bizi Facebook ve Instagram'da takip edin.", "Fotoğraf: Ann Lee/AA", "Ayrıca okuyun: Meclis parayı reddetti", "İlginizi çekebilir: Meclis parayı reddetti"],
    "ru": ["© 2026 Вестник Варсунда. Все права защищены.", "Подпишитесь на нашу рассылку, чтобы ничего не пропустить.", "От редакции: в предыдущей версии была ошибка.", "Подписывайтесь на нас в Telegram и ВКонтакте.", "Фото: Анна Ли/ТАСС", "Читайте также: Совет отказал в деньгах", "По теме: Совет отказал в деньгах"],
    "ar": ["© 2026 بريد فارسوند. جميع الحقوق محفوظة.", "اشترك في نشرتنا البريدية لتصلك آخر الأخبار.", "ملاحظة المحرر: احتوت نسخة سابقة على خطأ.", "تابعونا على فيسبوك وإنستغرام.", "الصورة: آن لي/أ ف ب", "اقرأ أيضا: المجلس يرفض التمويل", "مواضيع ذات صلة: المجلس يرفض"],
    "hi": ["© 2026 वारसुंड पोस्ट. सर्वाधिकार सुरक्षित.", "हमारे न्यूज़लेटर की सदस्यता लें।", "संपादक की टिप्पणी: पिछले संस्करण में एक त्रुटि थी।", "हमें फेसबुक और इंस्टाग्राम पर फॉलो करें।", "फोटो: ऐन ली/पीटीआई", "यह भी पढ़ें: परिषद ने धन ठुकराया", "ये भी देखें: परिषद ने धन ठुकराया"],
    "zh": ["© 2026 瓦尔松德邮报 版权所有", "订阅我们的电子报，不错过任何新闻。", "编者按：早前版本有一处错误。", "关注我们的微信公众号。", "图片来源：李安/新华社", "延伸阅读：市议会否决拨款", "相关报道：市议会否决拨款"],
    "ja": ["© 2026 ヴァルスンド新聞 無断転載を禁じます", "ニュースレターに登録して最新情報をお届けします。", "編集部注：以前の版に誤りがありました。", "フェイスブックでフォローしてください。", "写真：共同通信", "あわせて読みたい：市議会が予算を否決", "関連記事：市議会が予算を否決"],
}  # fmt: skip
_CORRECTION = 2


@pytest.mark.parametrize("tag", _LINES)
def test_lines_about_the_page_leave_and_corrections_stay(tag: str) -> None:
    lines = paragraphs(tag)
    for number, line in enumerate(_LINES[tag]):
        for place in (2, 4):
            body = [*lines[:place], line, *lines[place:]]
            text = read(page(tag, body="".join(f"<p>{each}</p>" for each in body))).text
            assert (line in text) is (number == _CORRECTION), line
            assert [each for each in lines if each not in text] == []
        content = "".join(f"<p>{each}</p>" for each in [*lines, *lines, line])
        encoded = f"<content:encoded><![CDATA[{content}]]></content:encoded>"
        (found,) = items(rss(item(more=encoded)))
        assert (line in found.text) is (number == _CORRECTION), line


_CONSENTS = {
    "en": ("Your privacy choices", "We and our 842 partners use cookies and process personal data such as IP addresses to personalise ads and content. You can accept, reject or manage your choices."),
    "de": ("Ihre Privatsphäre", "Wir und unsere 842 Partner verwenden Cookies und verarbeiten personenbezogene Daten, um Anzeigen zu personalisieren. Sie können zustimmen, ablehnen oder Ihre Auswahl verwalten."),
    "fr": ("Le respect de votre vie privée", "Nous et nos 842 partenaires utilisons des cookies et traitons des données personnelles. Vous pouvez accepter, refuser ou paramétrer vos choix à tout moment."),
    "es": ("Nos importa tu privacidad", "Nosotros y nuestros 842 socios usamos cookies y tratamos datos personales. Puedes aceptar, rechazar o configurar tus preferencias en cualquier momento."),
    "it": ("La tua privacy è importante", "Noi e i nostri 842 partner utilizziamo cookie e trattiamo dati personali. Puoi accettare, rifiutare o gestire le tue preferenze in qualsiasi momento."),
    "tr": ("Gizliliğinize önem veriyoruz", "Biz ve 842 ortağımız çerezler kullanıyor ve kişisel verilerinizi işliyoruz. Kabul edebilir, reddedebilir veya tercihlerinizi yönetebilirsiniz."),
    "sv": ("Vi värnar om din integritet", "Vi och våra 842 partner använder kakor och behandlar personuppgifter. Du kan godkänna, neka eller ändra dina inställningar när som helst."),
    "hi": ("आपकी निजता हमारे लिए महत्वपूर्ण है", "हम और हमारे 842 साझेदार कुकीज़ का उपयोग करते हैं और व्यक्तिगत डेटा संसाधित करते हैं। आप स्वीकार, अस्वीकार या अपनी प्राथमिकताएं बदल सकते हैं।"),
    "ko": ("개인정보 보호", "당사와 842개 파트너는 쿠키를 사용하고 개인정보를 처리합니다. 동의하거나 거부하거나 설정을 변경할 수 있습니다. 언제든지 철회할 수 있습니다."),
    "cs": ("Vážíme si vašeho soukromí", "My a našich 842 partnerů používáme soubory cookie a zpracováváme osobní údaje. Můžete přijmout, odmítnout nebo upravit nastavení."),
    "fi": ("Yksityisyytesi on meille tärkeää", "Me ja 842 kumppaniamme käytämme evästeitä ja käsittelemme henkilötietoja. Voit hyväksyä, hylätä tai muuttaa asetuksia."),
    "uk": ("Ми цінуємо вашу конфіденційність", "Ми та наші 842 партнери використовуємо файли cookie та обробляємо персональні дані. Ви можете прийняти, відхилити або налаштувати."),
}  # fmt: skip


@pytest.mark.parametrize("tag", _CONSENTS)
def test_pages_that_ask_for_leave_to_watch(tag: str) -> None:
    title, text = _CONSENTS[tag]
    html = f'<html lang="{tag}"><head><title>{title}</title></head><body><div id="x"><h2>{title}</h2><p>{text}</p><button>OK</button></div></body></html>'
    with pytest.raises(UnreadableSource) as refused:
        read(html)
    assert refused.value.code == "consent-page"


@pytest.mark.parametrize("tag", ["en", "de", "fr", "ru", "zh", "ja", "ar"])
@pytest.mark.parametrize("pattern", ["{} | Varsund Post | News", "Varsund Post: {}", "{} « Varsund Post", "{} :: Varsund Post", "{} • Varsund Post", "{} — Varsund Post", "NEWS | {}", "Live • {}", "{}\u200b"])  # fmt: skip
def test_titles_between_sites_sections_and_kickers(tag: str, pattern: str) -> None:
    title = LANGUAGES[tag]["title"]
    head = '<meta charset="utf-8"><meta property="og:site_name" content="Varsund Post">'
    assert read(page(tag, title=pattern.format(title), h1=False, head=head)).title == title
