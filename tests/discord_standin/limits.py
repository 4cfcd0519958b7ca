"""Discord's limits on messages, embeds, components and modals that its API description lacks."""

from __future__ import annotations

from .errors import FormErrors, length
from .model import (
    ACTION_ROW,
    BUTTON,
    COMPONENTS_V2,
    CONTAINER,
    GALLERY,
    LABEL,
    SECTION,
    SELECTS,
    STRING_SELECT,
    TEXT_DISPLAY,
    TEXT_INPUT,
    THUMBNAIL,
    Json,
    walk,
)

CONTENT, EMBEDS, EMBED_TOTAL, FILES, FILE_BYTES = 2_000, 10, 6_000, 10, 10 * 1024 * 1024
LINK_BUTTON, PREMIUM_BUTTON = 5, 6


def check_message(
    content: str, embeds: list[Json], components: list[Json], flags: int, errors: FormErrors
) -> None:
    """A whole message, as it would stand after the request."""
    errors.too_long("content", content, CONTENT)
    check_embeds(embeds, errors)
    if flags & COMPONENTS_V2:
        if content or embeds:
            errors.add(
                "flags", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                "The 'content' and 'embeds' fields cannot be used when using MessageFlags.IS_COMPONENTS_V2",
            )  # fmt: skip
        _check_new_components(components, errors)
    else:
        if len(components) > 5:
            errors.add("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
        for index, part in enumerate(components):
            if part.get("type") != ACTION_ROW:
                errors.add(
                    f"components.{index}.type", "BASE_TYPE_CHOICES", "Value must be one of (1,)."
                )
    _check_parts(components, "components", errors)
    ids = [part["custom_id"] for part in walk(components) if part.get("custom_id")]
    if len(ids) != len(set(ids)):
        errors.add("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")  # fmt: skip


def check_embeds(embeds: list[Json], errors: FormErrors) -> None:
    if len(embeds) > EMBEDS:
        errors.add("embeds", "BASE_TYPE_MAX_LENGTH", f"Must be {EMBEDS} or fewer in length.")
    total = 0
    for index, embed in enumerate(embeds):
        at = f"embeds.{index}"
        texts = {
            "title": (embed.get("title"), 256),
            "description": (embed.get("description"), 4096),
            "footer.text": ((embed.get("footer") or {}).get("text"), 2048),
            "author.name": ((embed.get("author") or {}).get("name"), 256),
        }
        fields = embed.get("fields") or []
        if len(fields) > 25:
            errors.add(f"{at}.fields", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
        for number, item in enumerate(fields):
            for key, limit in (("name", 256), ("value", 1024)):
                if not str(item.get(key) or "").strip():
                    errors.add(f"{at}.fields.{number}.{key}", "BASE_TYPE_REQUIRED", "This field is required")  # fmt: skip
                texts[f"fields.{number}.{key}"] = (item.get(key), limit)
        for key, (text, limit) in texts.items():
            errors.too_long(f"{at}.{key}", text, limit)
            total += length(text) if isinstance(text, str) else 0
        for key, schemes in (
            ("url", ("http://", "https://")),
            ("image.url", ("http://", "https://", "attachment://")),
            ("thumbnail.url", ("http://", "https://", "attachment://")),
            ("footer.icon_url", ("http://", "https://", "attachment://")),
            ("author.icon_url", ("http://", "https://", "attachment://")),
            ("author.url", ("http://", "https://")),
        ):
            _check_url(embed, at, key, schemes, errors)
        visible = ("title", "description", "fields", "image", "thumbnail", "author", "footer")
        if not any(embed.get(key) for key in visible):
            errors.add(f"{at}.description", "BASE_TYPE_REQUIRED", "This field is required")
    if total > EMBED_TOTAL:
        errors.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_TOTAL}")  # fmt: skip


def _check_url(
    embed: Json, at: str, key: str, schemes: tuple[str, ...], errors: FormErrors
) -> None:
    value: object = embed
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, str):
        if not value.startswith(schemes):
            errors.add(
                f"{at}.{key}", "URL_TYPE_INVALID_SCHEME", f"Scheme must be one of {schemes}."
            )
        errors.too_long(f"{at}.{key}", value, 2048)


def _check_new_components(components: list[Json], errors: FormErrors) -> None:
    """docs.discord.com/developers/components/reference#component-object: 40 components and 4,000
    characters in all."""
    parts = walk(components)
    if len(parts) > 40:
        errors.add("components", "BASE_TYPE_MAX_LENGTH", "The total number of components must be 40 or fewer")  # fmt: skip
    shown = sum(length(p.get("content", "")) for p in parts if p["type"] == TEXT_DISPLAY)
    if shown > 4000:
        errors.add("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "Components displayable text size exceeds maximum size of 4000")  # fmt: skip


def _check_parts(parts: list[Json], at: str, errors: FormErrors) -> None:
    for index, part in enumerate(parts):
        _check_part(part, f"{at}.{index}", errors)


def _check_part(part: Json, at: str, errors: FormErrors) -> None:
    kind = part.get("type")
    errors.too_long(f"{at}.custom_id", part.get("custom_id"), 100)
    inner = part.get("components") or []
    if kind == ACTION_ROW:
        if not 1 <= len(inner) <= 5:
            errors.add(f"{at}.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")  # fmt: skip
        if any(p.get("type") in SELECTS for p in inner) and len(inner) > 1:
            errors.add(f"{at}.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width")  # fmt: skip
    elif kind == BUTTON:
        _check_button(part, at, errors)
    elif kind in SELECTS:
        _check_select(part, at, errors)
    elif kind == SECTION:
        if not 1 <= len(inner) <= 3:
            errors.add(f"{at}.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 3 in length.")  # fmt: skip
        if not part.get("accessory"):
            errors.add(f"{at}.accessory", "BASE_TYPE_REQUIRED", "This field is required")
        elif part["accessory"].get("type") not in (BUTTON, THUMBNAIL):
            errors.add(f"{at}.accessory.type", "BASE_TYPE_CHOICES", "Value must be one of (2, 11).")
        else:
            _check_part(part["accessory"], f"{at}.accessory", errors)
    elif kind in (THUMBNAIL, GALLERY):
        _check_media(part, at, errors)
    elif kind == TEXT_DISPLAY:
        if not str(part.get("content") or "").strip():
            errors.add(f"{at}.content", "BASE_TYPE_REQUIRED", "This field is required")
    elif kind == CONTAINER and not inner:
        errors.add(f"{at}.components", "BASE_TYPE_REQUIRED", "This field is required")
    _check_parts(inner, f"{at}.components", errors)


def _check_media(part: Json, at: str, errors: FormErrors) -> None:
    """docs.discord.com/developers/components/reference#thumbnail and #media-gallery"""
    items = [part] if part["type"] == THUMBNAIL else part.get("items") or []
    if not 1 <= len(items) <= 10:
        errors.add(f"{at}.items", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 10 in length.")
    for item in items:
        url = str((item.get("media") or {}).get("url") or "")
        if not url.startswith(("http://", "https://", "attachment://")):
            errors.add(f"{at}.media.url", "URL_TYPE_INVALID_SCHEME", "Scheme must be one of ('http', 'https', 'attachment').")  # fmt: skip
        errors.too_long(f"{at}.media.url", url, 2048)
        errors.too_long(f"{at}.description", item.get("description"), 1024)


def _check_button(part: Json, at: str, errors: FormErrors) -> None:
    errors.too_long(f"{at}.label", part.get("label"), 80)
    style = part.get("style")
    if style == LINK_BUTTON:
        if not str(part.get("url") or "").startswith(("http://", "https://", "discord://")):
            errors.add(f"{at}.url", "BUTTON_COMPONENT_INVALID_URL", "A url is required")
        errors.too_long(f"{at}.url", part.get("url"), 512)
        if part.get("custom_id"):
            errors.add(f"{at}", "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A custom id and url cannot both be specified")  # fmt: skip
    elif style != PREMIUM_BUTTON and not part.get("custom_id"):
        errors.add(f"{at}.custom_id", "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id is required")  # fmt: skip
    if style != PREMIUM_BUTTON and not part.get("label") and not part.get("emoji"):
        errors.add(f"{at}.label", "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or emoji is required")  # fmt: skip


def _check_select(part: Json, at: str, errors: FormErrors) -> None:
    errors.too_long(f"{at}.placeholder", part.get("placeholder"), 150)
    if not part.get("custom_id"):
        errors.add(f"{at}.custom_id", "BASE_TYPE_REQUIRED", "This field is required")
    if part["type"] != STRING_SELECT:
        return
    options = part.get("options") or []
    if not 1 <= len(options) <= 25:
        errors.add(f"{at}.options", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")
    values = [option.get("value") for option in options]
    if len(values) != len(set(values)):
        errors.add(f"{at}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used")  # fmt: skip
    for number, option in enumerate(options):
        for key in ("label", "value", "description"):
            errors.too_long(f"{at}.options.{number}.{key}", option.get(key), 100)
        for key in ("label", "value"):
            if not option.get(key):
                errors.add(f"{at}.options.{number}.{key}", "BASE_TYPE_REQUIRED", "This field is required")  # fmt: skip
    if part.get("max_values", 1) > max(1, len(options)):
        errors.add(f"{at}.max_values", "NUMBER_TYPE_MAX", "max_values exceeds the number of options")  # fmt: skip


def check_modal(data: Json, errors: FormErrors) -> None:
    errors.too_long("data.title", data.get("title"), 45)
    errors.too_long("data.custom_id", data.get("custom_id"), 100)
    for key in ("title", "custom_id"):
        if not data.get(key):
            errors.add(f"data.{key}", "BASE_TYPE_REQUIRED", "This field is required")
    parts = data.get("components") or []
    if not 1 <= len(parts) <= 5:
        errors.add("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    ids = [part["custom_id"] for part in walk(parts) if part.get("custom_id")]
    if len(ids) != len(set(ids)):
        errors.add("data.components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")  # fmt: skip
    for index, part in enumerate(parts):
        at = f"data.components.{index}"
        inputs = part.get("components") or ([part["component"]] if part.get("component") else [])
        if part.get("type") == LABEL:
            errors.too_long(f"{at}.label", part.get("label"), 45)
            errors.too_long(f"{at}.description", part.get("description"), 100)
        for number, item in enumerate(inputs):
            if item.get("type") == TEXT_INPUT:
                _check_input(item, f"{at}.components.{number}", errors)
            elif item.get("type") in SELECTS:
                _check_select(item, f"{at}.components.{number}", errors)


def _check_input(item: Json, at: str, errors: FormErrors) -> None:
    errors.too_long(f"{at}.custom_id", item.get("custom_id"), 100)
    errors.too_long(f"{at}.label", item.get("label"), 45)
    errors.too_long(f"{at}.placeholder", item.get("placeholder"), 100)
    errors.too_long(f"{at}.value", item.get("value"), item.get("max_length") or 4000)


def check_choices(choices: list[Json], errors: FormErrors) -> None:
    """Choices of an autocompletion."""
    if len(choices) > 25:
        errors.add("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for number, choice in enumerate(choices):
        at = f"data.choices.{number}"
        if not choice.get("name"):
            errors.add(f"{at}.name", "BASE_TYPE_REQUIRED", "This field is required")
        errors.too_long(f"{at}.name", choice.get("name"), 100)
        errors.too_long(f"{at}.value", choice.get("value"), 100)
