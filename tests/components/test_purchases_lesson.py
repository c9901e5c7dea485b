"""What the program deploys for lesson `purchases`."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from components.data_catalog import NAMED_QUERIES, query_text
from tests.components.conftest import arn

if TYPE_CHECKING:
    from tests.components.conftest import Deploy

# pulumi_aws.s3 warns of classes of its own when it is imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*")

WITHOUT_TAGS = (
    ":RolePolicy",
    ":BucketLifecycleConfiguration",
    ":CatalogTable",
    ":NamedQuery",
    ":Integration",
    ":Route",
    ":Permission",
)
BUCKET = "purchases-bucket-1a2b3c4"


def purchases(deploy: Deploy, common: dict[str, Any] | None = None, **settings: Any) -> Any:
    return deploy(lessons=["purchases"], purchases=settings, **(common or {}))


def test_everything_that_is_deployed(deploy: Deploy):
    deployed = purchases(deploy)
    functions = {
        f"purchases-{part}-{suffix}": kind
        for part in ("consumer", "report")
        for suffix, kind in {"logs": "LogGroup", "role": "Role", "policy": "RolePolicy", "function": "Function"}.items()
    }
    assert {name: resource.type.split(":")[-1] for name, resource in deployed.resources.items()} == {
        **functions,
        "purchases-table": "Table",
        "purchases-bucket": "Bucket",
        "purchases-lifecycle": "BucketLifecycleConfiguration",
        "purchases-failed": "MetricAlarm",
        "purchases-reader-failures": "Queue",
        "purchases-reader-policy": "RolePolicy",
        "purchases-reader-mapping": "EventSourceMapping",
        **dict.fromkeys([f"purchases-reader-{alarm}" for alarm in ("lag", "errors", "given-up")], "MetricAlarm"),
        "purchases-catalog-database": "CatalogDatabase",
        "purchases-catalog-documents": "CatalogTable",
        "purchases-catalog-view": "CatalogTable",
        "purchases-catalog-workgroup": "Workgroup",
        **dict.fromkeys([f"purchases-catalog-{name.replace('_', '-')}" for name in NAMED_QUERIES], "NamedQuery"),
        "purchases-http-api": "Api",
        "purchases-http-stage": "Stage",
        "purchases-http-get-reportes-route": "Route",
        "purchases-http-get-reportes-integration": "Integration",
        "purchases-http-get-reportes-permission": "Permission",
    }


def test_the_table_tells_its_changes_with_both_images(deploy: Deploy):
    # text fault 40: a REMOVE has no new image
    table = purchases(deploy)["purchases-table"].inputs
    assert (table["hashKey"], table["rangeKey"]) == ("tenant_id", "compra_id")
    assert (table["streamEnabled"], table["streamViewType"]) == (True, "NEW_AND_OLD_IMAGES")
    assert table["ttl"] == {"attributeName": "expira_en", "enabled": True}


def test_each_function_may_do_its_part_and_no_more(deploy: Deploy):
    deployed = purchases(deploy)
    statements = {
        name: [(statement["Action"], statement["Resource"]) for statement in deployed[name].statements]
        for name in ("purchases-consumer-policy", "purchases-report-policy", "purchases-reader-policy")
    }
    assert statements["purchases-consumer-policy"][1:] == [(["s3:PutObject"], arn("s3", f"{BUCKET}/compras/*"))]
    assert statements["purchases-report-policy"][1:] == [
        (["dynamodb:Query"], arn("dynamodb", "purchases-table-1a2b3c4") + "/index/tenant-fecha-index")
    ]
    [read, _tell] = statements["purchases-reader-policy"]
    assert read[0] == ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]


def test_the_database_is_named_by_the_stage_in_letters_that_athena_takes(deploy: Deploy):
    # the text's `dev-compras-datacatalog` has hyphens, and would have to be quoted in every query
    def database(stack: str, **settings: Any) -> str:
        return purchases(deploy, {"stack": stack}, **settings)["purchases-catalog-database"].inputs["name"]

    assert database("prod") == "prod_compras_datacatalog"
    assert database("Ana.Maria-2") == "ana_maria_2_compras_datacatalog"
    assert database("ana", stage="dev") == "dev_compras_datacatalog"


def test_partitions_are_projected_from_the_path(deploy: Deploy):
    table = purchases(deploy, tenants=["uno", "dos"])["purchases-catalog-documents"].inputs
    assert [key["name"] for key in table["partitionKeys"]] == ["tenant_id", "year", "month", "day"]
    parameters = table["parameters"]
    assert parameters["storage.location.template"] == (
        f"s3://{BUCKET}/compras/${{tenant_id}}/${{year}}/${{month}}/${{day}}/"
    )
    assert (parameters["projection.tenant_id.type"], parameters["projection.tenant_id.values"]) == ("enum", "uno,dos")
    assert parameters["projection.year.range"] == "2025,NOW"
    injected = purchases(deploy, tenant_projection="injected")["purchases-catalog-documents"].inputs["parameters"]
    assert injected["projection.tenant_id.type"] == "injected"
    assert "projection.tenant_id.values" not in injected


def test_the_view_is_kept_as_athena_keeps_its_own(deploy: Deploy):
    view = purchases(deploy, stage="dev")["purchases-catalog-view"].inputs
    text = view["viewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    told = json.loads(base64.b64decode(text))
    assert (told["catalog"], told["schema"]) == ("awsdatacatalog", "dev_compras_datacatalog")
    assert told["originalSql"] == query_text("compras_actuales")
    assert [column["name"] for column in told["columns"]] == [
        column["name"] for column in view["storageDescriptor"]["columns"]
    ]
    types = {column["name"]: column["type"] for column in told["columns"]}
    assert types["productos"] == (
        "array(row(codigo varchar, nombre varchar, precio_unitario decimal(18,6), cantidad bigint, otros varchar))"
    )
    assert (view["tableType"], view["parameters"]["presto_view"]) == ("VIRTUAL_VIEW", "true")


def test_queries_have_a_limit_and_their_results_an_end(deploy: Deploy):
    # text fault 48: no limit, no place for results, no lifecycle, a bucket that cannot be removed
    deployed = purchases(deploy, query_limit_megabytes=10, query_results_days=3)
    workgroup = deployed["purchases-catalog-workgroup"].inputs
    assert workgroup["configuration"]["bytesScannedCutoffPerQuery"] == 10 * 1024 * 1024
    assert workgroup["configuration"]["enforceWorkgroupConfiguration"] is True
    assert workgroup["configuration"]["resultConfiguration"] == {"outputLocation": f"s3://{BUCKET}/consultas/"}
    [rule] = deployed["purchases-lifecycle"].inputs["rules"]
    assert (rule["filter"], rule["expiration"]) == ({"prefix": "consultas/"}, {"days": 3})
    assert (workgroup["forceDestroy"], deployed["purchases-bucket"].inputs["forceDestroy"]) == (True, True)
    kept = purchases(deploy, {"removable": False})
    assert {kept[name].inputs["forceDestroy"] for name in ("purchases-bucket", "purchases-catalog-workgroup")} == {
        False
    }


def test_the_report_is_for_those_who_may(deploy: Deploy):
    # text fault 45: a report over HTTP without authentication
    assert purchases(deploy)["purchases-http-get-reportes-route"].inputs["authorizationType"] == "AWS_IAM"


def test_names_are_pulumis_own_unless_the_texts_are_asked_for(deploy: Deploy):
    # text fault 34: a bucket's name is unique in all of AWS; the second student's would be refused
    auto, text = purchases(deploy), purchases(deploy, {"names": "text"}, stage="dev")
    assert "bucket" not in auto["purchases-bucket"].inputs
    assert "name" not in auto["purchases-table"].inputs
    assert text["purchases-bucket"].inputs["bucket"] == "dev-compras-backup-s3-bucket"
    assert text["purchases-table"].inputs["name"] == "dev-t_MS3_compras"
    assert text["purchases-consumer-function"].inputs["name"] == "actualizarComprasStream"
    assert text["purchases-report-function"].inputs["name"] == "generarReporteCompras"


def test_in_a_learner_lab_no_role_is_made(deploy: Deploy):
    # text fault 32: LabRole's ARN was pasted by hand, and there was no way to do without it
    deployed = purchases(deploy, {"role_mode": "existing"})
    assert not deployed.of_type("aws:iam/")
    for part in ("consumer", "report"):
        assert deployed[f"purchases-{part}-function"].inputs["role"] == "arn:aws:iam::123456789012:role/LabRole"


def test_everything_that_takes_tags_has_them(deploy: Deploy):
    deployed = purchases(deploy, {"expires": "2027-06-30"})
    tags = {"project": "streamlab", "lesson": "purchases", "student": "ana", "expires": "2027-06-30"}
    for resource in deployed.resources.values():
        expected = None if resource.type.endswith(WITHOUT_TAGS) else tags
        assert resource.inputs.get("tags") == expected, resource.name


def test_an_alarm_watches_the_purchases_that_failed(deploy: Deploy):
    alarm = purchases(deploy)["purchases-failed"].inputs
    assert (alarm["namespace"], alarm["metricName"]) == ("streamlab", "ComprasFallidas")
    assert alarm["dimensions"] == {"FunctionName": "purchases-consumer-function-1a2b3c4", "service": "purchases"}
    assert not purchases(deploy, alarms=False).of_type("MetricAlarm")


@pytest.mark.parametrize(
    ("setting", "value", "allowed"),
    [
        ("starting_position", "AT_TIMESTAMP", "one of LATEST, TRIM_HORIZON"),
        ("stage", "Dev", "small letters, digits and hyphens, such as dev"),
        ("stage", "", "small letters, digits and hyphens, such as dev"),
        ("tenants", [], "a list in brackets of letters, digits, hyphens and underscores, none twice"),
        ("tenants", ["a/b"], "a list in brackets of letters, digits, hyphens and underscores, none twice"),
        ("tenants", ["a", "a"], "a list in brackets of letters, digits, hyphens and underscores, none twice"),
        ("tenants", "a", "a list in brackets of letters, digits, hyphens and underscores, none twice"),
        ("tenant_projection", "all", "one of enum, injected"),
        ("currency", "usd", "three capital letters, such as USD"),
        ("query_limit_megabytes", 9, "a whole number from 10 to 7000000"),
        ("query_results_days", 0, "a whole number from 1 to 3650"),
        ("shard_count", 2, "streamlab:purchases.shard_count is not a setting"),
    ],
)
def test_settings_that_cannot_be_used(deploy: Deploy, setting: str, value: Any, allowed: str):
    with pytest.raises(Exception, match=rf"streamlab:purchases\.{setting}") as error:
        purchases(deploy, **{setting: value})
    assert allowed in str(error.value)
