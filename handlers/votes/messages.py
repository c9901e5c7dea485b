"""What the API says to a reader, in three languages; a test holds them complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.shared.http import HttpEvent, HttpResponse, json_response
from handlers.shared.reader import NOT_NOW, preferred_language

if TYPE_CHECKING:
    from collections.abc import Mapping

MESSAGES: dict[str, dict[str, str]] = {
    "received": {
        "es": "Voto recibido exitosamente",
        "pt": "Voto recebido com sucesso",
        "en": "Vote received",
    },
    "no_body": {
        "es": 'Falta el cuerpo de la solicitud: un objeto JSON como {{"vote": "{example}"}}.',
        "pt": 'Falta o corpo da solicitação: um objeto JSON como {{"vote": "{example}"}}.',
        "en": 'The request has no body. Send a JSON object such as {{"vote": "{example}"}}.',
    },
    "too_large": {
        "es": 'El cuerpo de la solicitud es demasiado grande; basta con {{"vote": "{example}"}}.',
        "pt": 'O corpo da solicitação é grande demais; basta {{"vote": "{example}"}}.',
        "en": 'The request\'s body is too large; {{"vote": "{example}"}} is enough.',
    },
    "not_json_object": {
        "es": 'El cuerpo de la solicitud debe ser un objeto JSON como {{"vote": "{example}"}}.',
        "pt": 'O corpo da solicitação deve ser um objeto JSON como {{"vote": "{example}"}}.',
        "en": 'The request\'s body must be a JSON object such as {{"vote": "{example}"}}.',
    },
    "no_vote": {
        "es": 'Falta la opción: "vote" debe ser un texto, como en {{"vote": "{example}"}}.',
        "pt": 'Falta a opção: "vote" deve ser um texto, como em {{"vote": "{example}"}}.',
        "en": 'The option is missing: "vote" must be a text, as in {{"vote": "{example}"}}.',
    },
    "unknown_option": {
        "es": "Esa opción no existe. Opciones: {options}.",
        "pt": "Essa opção não existe. Opções: {options}.",
        "en": "There is no such option. Options: {options}.",
    },
    "bad_id": {
        "es": '"id" debe tener de 1 a 128 letras, dígitos, puntos, dos puntos, guiones o guiones bajos.',
        "pt": '"id" deve ter de 1 a 128 letras, dígitos, pontos, dois-pontos, hifens ou sublinhados.',
        "en": '"id" must be 1 to 128 letters, digits, dots, colons, hyphens or underscores.',
    },
    "not_now": NOT_NOW,
}
"""By what they say, then by language; `{example}` is an option's id, `{options}` all of them."""


def say(status: int, what: str, event: HttpEvent, *, language: str, options: Mapping[str, str]) -> HttpResponse:
    """Return the response `{"message": TEXT}`, in the language the reader likes best, else in `language`."""
    text = MESSAGES[what][preferred_language(event, language)]
    message = text.format(example=next(iter(options)), options=", ".join(options))
    return json_response(status, {"message": message}, {"Retry-After": "1"} if what == "not_now" else {})
