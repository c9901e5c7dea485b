"""What the report says when it cannot be made, in three languages; a test holds them complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.shared.http import HttpEvent, HttpResponse, json_response
from handlers.shared.reader import NOT_NOW, preferred_language

if TYPE_CHECKING:
    from handlers.purchases.request import Reason

MESSAGES: dict[Reason | str, dict[str, str]] = {
    "not_object": {
        "es": 'Se espera un objeto JSON como {"tenant_id": "empresa_postman"}.',
        "pt": 'Espera-se um objeto JSON como {"tenant_id": "empresa_postman"}.',
        "en": 'A JSON object is expected, such as {"tenant_id": "empresa_postman"}.',
    },
    "unknown_parameter": {
        "es": "No existe el parámetro «PARAMETER». Parámetros: tenant_id, desde, hasta.",
        "pt": "Não existe o parâmetro “PARAMETER”. Parâmetros: tenant_id, desde, hasta.",
        "en": "There is no parameter “PARAMETER”. Parameters: tenant_id, desde (from), hasta (until).",
    },
    "no_tenant": {
        "es": "Falta tenant_id: el texto que identifica a la empresa, como empresa_postman.",
        "pt": "Falta tenant_id: o texto que identifica a empresa, como empresa_postman.",
        "en": "tenant_id is missing: the text that identifies the company, such as empresa_postman.",
    },
    "bad_day": {
        "es": "PARAMETER debe ser un día que exista, escrito como 2025-07-13.",
        "pt": "PARAMETER deve ser um dia que exista, escrito como 2025-07-13.",
        "en": "PARAMETER must be a day of the calendar, written as 2025-07-13.",
    },
    "days_reversed": {
        "es": "desde debe ser anterior o igual a hasta.",
        "pt": "desde deve ser anterior ou igual a hasta.",
        "en": "desde (from) must not be later than hasta (until).",
    },
    "not_now": NOT_NOW,
}
"""By what they say, then by language; PARAMETER stands for a parameter's name."""


def refusal(status: int, what: str, event: HttpEvent, *, language: str, parameter: str = "") -> HttpResponse:
    """Return the response `{"message": TEXT}`, in the language the reader likes best, else in `language`."""
    text = MESSAGES[what][preferred_language(event, language)]
    return json_response(status, {"message": text.replace("PARAMETER", parameter)})
