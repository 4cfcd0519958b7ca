"""What is the article of a page, how it is called and who wrote it."""

from __future__ import annotations

import json

import pytest

from retrieval.errors import UnreadableSource
from retrieval.extraction.authors import names_in
from tests.unit.served import LANGUAGES, page, paragraphs, read

_NAMES = ("Ilse Krog", "Tor Vik")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("By Ilse Krog | Updated 24 November 2026", ("Ilse Krog",)), ("Krog, Ilse", ("Ilse Krog",)), ("Par Ilse Krog et Tor Vik", _NAMES),
        ("Von Ilse Krog und Tor Vik", _NAMES), ("Por Ilse Krog y Tor Vik", _NAMES), ("di Ilse Krog e Tor Vik", _NAMES), ("Door Ilse Krog en Tor Vik", _NAMES),
        ("Av Ilse Krog och Tor Vik", _NAMES), ("سارة العلي، محمد حسن", ("سارة العلي", "محمد حسن")), ("بقلم: سارة العلي", ("سارة العلي",)), ("王小明、李华", ("王小明", "李华")),
        ("记者 王小明", ("王小明",)), ("山田太郎記者", ("山田太郎",)), ("홍길동 기자", ("홍길동",)), ("Ilse Krog, staff writer", ("Ilse Krog",)), ("Ilse Krog; Tor Vik", _NAMES),
        ("Redaktion", ()), ("admin", ()), ("https://example.com/ilse", ()), ("Автор: Ильзе Крог и Тор Вик", ("Ильзе Крог", "Тор Вик")),
    ],
)  # fmt: skip
def test_names_in_bylines(given: str, names: tuple[str, ...]) -> None:
    assert names_in([given]) == names


@pytest.mark.parametrize("tag", ["en", "de", "ru", "ja", "zh", "ar"])
@pytest.mark.parametrize("pattern", ["{title} | {site}", "{site} | {title}", "{title} – {section} – {site}", "{title} - {site}", "{title}：{site}", "{title}_{section}_{site}"])  # fmt: skip
def test_titles_without_site_and_section(tag: str, pattern: str) -> None:
    site = {"ja": "北海新聞デジタル", "zh": "海港网", "ru": "Вестник Варсунда"}.get(
        tag, "Varsund Post"
    )
    section = {"ja": "社会", "zh": "新闻频道", "ru": "Политика"}.get(tag, "Politik")
    if "：" in pattern and tag not in {"ja", "zh"}:
        pattern = pattern.replace("：", ": ")
    title = pattern.format(title=LANGUAGES[tag]["title"], site=site, section=section)
    html = page(tag, title=title, h1=False, head=f'<meta property="og:site_name" content="{site}">')
    assert read(html).title == LANGUAGES[tag]["title"]


@pytest.mark.parametrize("name", ["article-intro", "lead", "standfirst", "chapo", "vorspann"])
@pytest.mark.parametrize("tag", ["en", "de", "fr", "ru", "zh"])
def test_a_standfirst_stays_unless_the_text_says_it_again(tag: str, name: str) -> None:
    lead = LANGUAGES[tag]["brief"][0]
    above = f'<div class="{name}"><p>{lead}</p></div>'
    assert lead in read(page(tag, above=above)).text
    again = read(page(tag, above=f'<div class="{name}"><p>{paragraphs(tag)[0]}</p></div>')).text
    assert again.count(paragraphs(tag)[0]) == 1


@pytest.mark.parametrize("tag", LANGUAGES)
def test_text_that_the_page_hides_is_no_part_of_it(tag: str) -> None:
    secret = LANGUAGES[tag]["brief"][0]
    for how in ('style="display:none"', "hidden", 'class="gone"'):
        html = page(tag, head="<style>.gone{color:red;display:none}</style>").replace(
            "</article>", f"<p {how}>{secret}</p></article>"
        )
        assert secret not in read(html).text


def test_an_article_that_is_mostly_hidden_is_refused() -> None:
    hidden = "".join(f"<p>{line}</p>" for line in paragraphs("de") * 3)
    body = f"<p>{paragraphs('de')[0]}</p><p>{paragraphs('de')[1]}</p><div style='display:none'>{hidden}</div>"
    with pytest.raises(UnreadableSource):
        read(page("de", body=body))


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_text_in_json_ld_alone_is_the_article(tag: str) -> None:
    lines = paragraphs(tag)
    for body in (
        "\n\n".join(lines),
        "".join(f"&lt;p&gt;{line}&lt;/p&gt;" for line in lines),
        "".join(f"<p>{line}</p>" for line in lines),
    ):
        said = json.dumps(
            {"@type": "NewsArticle", "headline": LANGUAGES[tag]["title"], "articleBody": body}
        )
        html = page(
            tag,
            head=f'<script type="application/ld+json">{said}</script>',
            body='<div id="app"></div>',
        )
        assert [line for line in lines if line not in read(html).text] == []


@pytest.mark.parametrize("tag", ["en", "de", "ru", "fr", "tr"])
def test_sentences_that_lost_their_line_end_are_parted(tag: str) -> None:
    body = "".join(paragraphs(tag))
    said = json.dumps(
        {"@type": "NewsArticle", "headline": LANGUAGES[tag]["title"], "articleBody": body}
    )
    text = read(
        page(tag, head=f'<script type="application/ld+json">{said}</script>', body="<div></div>")
    ).text
    assert text.split("\n")[0] == paragraphs(tag)[0]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_pages_that_say_they_are_not_free_are_teasers(tag: str) -> None:
    said = json.dumps(
        {"@type": "NewsArticle", "headline": LANGUAGES[tag]["title"], "isAccessibleForFree": False}
    )
    with pytest.raises(UnreadableSource):
        read(page(tag, head=f'<script type="application/ld+json">{said}</script>'))
    offer = LANGUAGES[tag]["brief"][1]
    box = f'<div class="paywall-box"><p>{offer}</p><a href="/abo">OK</a></div>'
    with pytest.raises(UnreadableSource):
        read(page(tag).replace("</article>", f"{box}</article>"))


@pytest.mark.parametrize(
    ("tag", "title", "text"),
    [
        ("de", "Nur einen Moment…", "Überprüfen Sie, dass Sie ein Mensch sind. varsundpost.example muss die Sicherheit Ihrer Verbindung überprüfen, bevor Sie fortfahren können."),
        ("fr", "Un instant…", "Vérifiez que vous êtes humain. varsundpost.example doit vérifier la sécurité de votre connexion avant de continuer. Cela peut prendre quelques secondes, merci de patienter."),
        ("es", "Un momento…", "Verifique que es un ser humano. varsundpost.example necesita revisar la seguridad de su conexión antes de continuar. Esto puede tardar unos segundos, tenga paciencia."),
        ("pl", "Chwileczkę…", "Potwierdź, że jesteś człowiekiem. varsundpost.example musi sprawdzić bezpieczeństwo Twojego połączenia, zanim przejdziesz dalej. Może to potrwać kilka sekund."),
        ("ru", "Один момент…", "Подтвердите, что вы человек. Сайт varsundpost.example должен проверить безопасность вашего соединения, прежде чем вы продолжите. Это займёт несколько секунд."),
        ("ja", "しばらくお待ちください…", "人間であることを確認してください。続行する前に、接続の安全性を確認する必要があります。数秒かかる場合がありますので、そのままお待ちください。"),
        ("zh", "请稍候…", "请完成以下操作，验证您是真人。继续之前，需要检查您的连接的安全性，这可能需要几秒钟，请耐心等待，不要刷新页面。"),
        ("ar", "لحظة من فضلك…", "تحقق من أنك إنسان من خلال إكمال الإجراء أدناه. يحتاج الموقع إلى مراجعة أمان اتصالك قبل المتابعة، وقد يستغرق ذلك بضع ثوان."),
    ],
)  # fmt: skip
def test_robot_checks_are_no_articles(tag: str, title: str, text: str) -> None:
    html = f"<html lang={tag}><head><title>{title}</title></head><body><h1>varsundpost.example</h1><p>{text}</p></body></html>"
    with pytest.raises(UnreadableSource):
        read(html)


@pytest.mark.parametrize(
    ("tag", "title", "text"),
    [
        ("de", "Datenschutz ist uns wichtig", "Wir und unsere Partner speichern Informationen auf einem Gerät, etwa Cookies, und verarbeiten personenbezogene Daten. Sie können alle akzeptieren, ablehnen oder Einstellungen ändern und Ihre Einwilligung jederzeit widerrufen."),
        ("nl", "Uw privacy is belangrijk voor ons", "Wij en onze partners slaan informatie op een apparaat op, zoals cookies, en verwerken persoonsgegevens. U kunt alles accepteren, weigeren of uw voorkeuren instellen en uw toestemming intrekken."),
        ("pl", "Szanujemy Twoją prywatność", "My i nasi partnerzy przechowujemy informacje na urządzeniu, takie jak pliki cookie, i przetwarzamy dane osobowe. Możesz zaakceptować wszystko, odrzucić lub zmienić ustawienia i wycofać zgodę."),
        ("pt", "A sua privacidade é importante", "Nós e os nossos parceiros guardamos informações num dispositivo, como cookies, e tratamos dados pessoais. Pode aceitar tudo, rejeitar ou gerir as preferências e retirar o consentimento."),
        ("ru", "Мы ценим вашу конфиденциальность", "Мы и наши партнёры храним информацию на устройстве, например файлы cookie, и обрабатываем персональные данные. Вы можете принять все, отклонить или настроить и отозвать согласие."),
        ("ja", "プライバシーを尊重します", "当社とパートナーは、クッキーなどの情報をデバイスに保存し、個人データを処理します。すべて許可、拒否、または設定の変更ができ、同意はいつでも取り消せます。詳しくはこのサイトの方針をご覧ください。"),
        ("zh", "我们重视您的隐私", "我们和合作伙伴会在设备上存储信息，例如 cookie，并处理个人数据。您可以全部接受、拒绝或更改设置，也可以随时撤回同意。详情请参阅本网站的隐私政策，其中说明了一切。"),
        ("ar", "خصوصيتك تهمنا", "نحن وشركاؤنا نخزن المعلومات على جهازك مثل ملفات تعريف الارتباط ونعالج البيانات الشخصية. يمكنك قبول الكل أو رفض أو تغيير الإعدادات وسحب موافقتك في أي وقت."),
    ],
)  # fmt: skip
def test_consent_pages_are_no_articles(tag: str, title: str, text: str) -> None:
    html = f'<html lang={tag}><head><title>{title}</title></head><body><div class="m"><h1>{title}</h1><p>{text}</p><button>OK</button></div></body></html>'
    with pytest.raises(UnreadableSource):
        read(html)


@pytest.mark.parametrize(
    ("tag", "headline"),
    [
        ("en", "Town opens school number 404"), ("en", "Bus 502 overturns near Varsund"), ("de", "Buslinie 410 bei Varsund umgestürzt"),
        ("fr", "Vol 404: la mairie de Varsund s’explique"), ("ru", "Автобус 503 перевернулся под Варсундом"), ("es", "El autobús 500 vuelca cerca de Varsund"),
        ("tr", "Varsund yakınlarında 502 numaralı otobüs devrildi"), ("zh", "瓦尔松德404号公交车侧翻"), ("ar", "انقلاب الحافلة 404 قرب فارسوند"),
    ],
)  # fmt: skip
def test_news_with_the_number_of_an_error_in_the_headline_are_news(tag: str, headline: str) -> None:
    said = '<meta property="og:type" content="article">'
    brief = f"<p>{headline}. {' '.join(LANGUAGES[tag]['brief'])}</p>"
    long = brief + "".join(f"<p>{line}</p>" for line in paragraphs(tag))
    for head, body in ((said, brief), ("", brief), (said, long), ("", long)):
        html = page(tag, head=head, title=headline, body=body)
        html = html.replace(f"<h1>{LANGUAGES[tag]['title']}", f"<h1>{headline}")
        assert read(html).title == headline


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize(
    "heading", ["404", "404 – {gone}", "HTTP 404", "Error 404", "{gone} (404)"]
)
def test_pages_headed_by_a_status_are_no_articles(tag: str, heading: str) -> None:
    of = LANGUAGES[tag]
    title = heading.format(gone=of["gone"])
    body = f"<p>{of['gone']}.</p><p>{of['brief'][0]}</p>"
    html = page(tag, title=title, body=body).replace(f"<h1>{of['title']}", f"<h1>{title}")
    with pytest.raises(UnreadableSource) as refused:
        read(html)
    assert refused.value.code == "page-not-found"


@pytest.mark.parametrize(
    "address", ["https://varsundpost.example/123456", "https://varsundpost.example/n/123456?x=1"]
)
def test_a_short_address_with_the_articles_number_is_the_article(address: str) -> None:
    long = "https://varsundpost.example/news/mill-library-123456"
    assert read(page("en", head=f'<link rel="canonical" href="{long}">'), address).url == long
    other = "https://varsundpost.example/news/something-else-999999"
    assert read(page("en", head=f'<link rel="canonical" href="{other}">'), address).url == address
