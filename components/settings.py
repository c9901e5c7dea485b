"""The stack's settings: what may be set, and within which limits. settings_reading.py reads them.

The lesson: a deployment takes minutes and may cost money; what can be known to be wrong before it begins is told before
it begins, with the key, what was given and what is allowed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias, TypedDict

from components.checks import Between, Currency, Day, Moment, Names, Options, Origins, Stage, Tenants, faults_of

Destination: TypeAlias = Literal["sqs", "sns", "s3"]
Naming: TypeAlias = Literal["auto", "text"]
RoleMode: TypeAlias = Literal["create", "existing"]

# CloudWatch Logs takes these and no others (PutRetentionPolicy).
RetentionDays: TypeAlias = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]


@dataclass(frozen=True)
class Checked:
    """A group of settings that a program may make itself; ValueError names what is not allowed.

    What is not given keeps its default, and is right.
    """

    def __post_init__(self) -> None:
        """Check what was given."""
        if faults := faults_of(self):
            raise ValueError("\n".join(faults))


@dataclass(frozen=True)
class StreamSettings(Checked):
    """How much a lesson's stream takes, and for how long it keeps it."""

    capacity: Literal["provisioned", "on-demand"] = "provisioned"
    """Provisioned: paid by the shard and hour. On-demand: paid by the stream and hour and by the gigabyte."""
    shard_count: Annotated[int, Between(1, 200)] = 1
    """Shards of a provisioned stream, each 1 MB or 1,000 records a second; 200 is a new account's usual quota."""
    retention_hours: Annotated[int, Between(24, 8760)] = 24
    """How long a record can be read; more than 24 hours costs more."""


@dataclass(frozen=True)
class ConsumerSettings(Checked):
    """How a lesson's function reads its stream, and what happens to what it cannot process."""

    batch_size: Annotated[int, Between(1, 10_000)] = 100
    """The most records a call gets."""
    batching_window_seconds: Annotated[int, Between(0, 300)] = 0
    """How long Lambda waits for a batch to fill; 0 hands over what is there."""
    starting_position: Literal["LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"] = "TRIM_HORIZON"
    """Where reading begins. LATEST misses what is sent before reading has really begun, which may take minutes."""
    starting_position_timestamp: Annotated[str | None, Moment()] = None
    """From when AT_TIMESTAMP reads."""
    parallelization_factor: Annotated[int, Between(1, 10)] = 1
    """Batches of one shard at once; records of one partition key stay in order."""
    maximum_retry_attempts: Annotated[int, Between(0, 10_000, or_no_limit=True)] = 2
    """How often a failed batch is tried again before it goes to the destination."""
    maximum_record_age_seconds: Annotated[int, Between(60, 604_800, or_no_limit=True)] = 43_200
    """When a record is given up for its age; the default is half the shortest retention, so that what was given up can
    still be read in the stream."""
    bisect: bool = True
    """Split a failed batch in two and try each half by itself."""
    destination: Destination = "sqs"
    """What is told about records that were given up: a queue, a topic or a bucket."""
    alarms: bool = True
    """Alarms on lag, errors and given-up records (about 0.10 USD each a month on AWS)."""


@dataclass(frozen=True)
class FunctionSettings(Checked):
    """What a lesson's functions run on."""

    memory_mb: Annotated[int, Between(128, 10_240)] = 256
    """Memory; the share of a processor grows with it."""
    timeout_seconds: Annotated[int, Between(1, 900)] = 30
    """How long one batch may take."""
    log_retention_days: RetentionDays = 7
    """How long logs are kept."""
    runtime: Literal["python3.11", "python3.12", "python3.13", "python3.14"] = "python3.13"
    """Lambda's Python; the local cloud says when the interpreter it finds is another."""


@dataclass(frozen=True)
class LessonSettings(FunctionSettings, ConsumerSettings):
    """What every lesson has: functions, and one of them reads a stream."""


@dataclass(frozen=True)
class BasicSettings(LessonSettings, StreamSettings):
    """Lesson `basic` (`streamlab:basic`)."""

    sensor_index: bool = True
    """The table's index that finds the events of one sensor in the order of time."""


DRIVERS = {
    "albon": "Alexander Albon",
    "alonso": "Fernando Alonso",
    "antonelli": "Kimi Antonelli",
    "bearman": "Oliver Bearman",
    "bortoleto": "Gabriel Bortoleto",
    "colapinto": "Franco Colapinto",
    "gasly": "Pierre Gasly",
    "hadjar": "Isack Hadjar",
    "hamilton": "Lewis Hamilton",
    "hulkenberg": "Nico Hülkenberg",
    "lawson": "Liam Lawson",
    "leclerc": "Charles Leclerc",
    "norris": "Lando Norris",
    "ocon": "Esteban Ocon",
    "piastri": "Oscar Piastri",
    "russell": "George Russell",
    "sainz": "Carlos Sainz",
    "stroll": "Lance Stroll",
    "tsunoda": "Yuki Tsunoda",
    "verstappen": "Max Verstappen",
}


@dataclass(frozen=True)
class ApiSettings(Checked):
    """How a lesson's HTTP API answers, and how often."""

    language: Literal["es", "pt", "en"] = "es"
    """In which language the API answers a reader who likes none of the three best."""
    throttling_rate: Annotated[int, Between(1, 10_000)] = 500
    """Requests a second that each route takes in the long run; 10,000 is an account's usual quota."""
    throttling_burst: Annotated[int, Between(1, 5000)] = 500
    """Requests at once that each route takes; 5,000 is an account's usual quota."""


@dataclass(frozen=True)
class VotesSettings(LessonSettings, StreamSettings, ApiSettings):
    """Lesson `votes` (`streamlab:votes`)."""

    options: Annotated[Mapping[str, str], Options()] = field(default_factory=DRIVERS.copy)
    """What can be voted for: ids, as votes name them, and the names that people read."""
    counting: Literal["economical", "transactional"] = "economical"
    """Economical: an update for each option and batch, exact whatever Lambda repeats. Transactional: four write units a
    vote, and a vote that its sender repeats counts once, too."""
    origins: Annotated[Sequence[str], Origins()] = ("http://localhost:8000",)
    """Whose pages may call the API from a browser; the lesson's own page always may."""


@dataclass(frozen=True)
class PurchasesSettings(LessonSettings, ApiSettings):
    """Lesson `purchases` (`streamlab:purchases`)."""

    starting_position: Literal["LATEST", "TRIM_HORIZON"] = "TRIM_HORIZON"
    """Where reading begins; a table's stream cannot be read from a time."""

    stage: Annotated[str | None, Stage()] = None
    """The text's stage, dev or prod: part of names, and noted in each document. Without it, the stack's name."""
    tenants: Annotated[Sequence[str], Tenants()] = ("empresa_postman", "empresa_andina", "empresa_sur")
    """The shops whose purchases queries see; the catalogue lists them, so that no crawler has to find them."""
    tenant_projection: Literal["enum", "injected"] = "enum"
    """Enum: the catalogue lists `tenants`. Injected: any tenant will do, but every query must name one."""
    currency: Annotated[str, Currency()] = "USD"
    """Of a purchase that names none."""
    query_limit_megabytes: Annotated[int, Between(10, 7_000_000)] = 1000
    """How much a query may read before it is ended; a terabyte costs 5 USD."""
    query_results_days: Annotated[int, Between(1, 3650)] = 7
    """How long the results of queries are kept."""


@dataclass(frozen=True)
class OrdersSettings(LessonSettings, StreamSettings):
    """Lesson `orders` (`streamlab:orders`); the text gives it the first two defaults."""

    batch_size: Annotated[int, Between(1, 10_000)] = 10
    """The most orders a call gets."""
    starting_position: Literal["LATEST", "TRIM_HORIZON", "AT_TIMESTAMP"] = "LATEST"
    """Where reading begins. On AWS it may take minutes until it does; what is sent before is then never read."""


@dataclass(frozen=True)
class ArchiveSettings(LessonSettings, StreamSettings):
    """Lesson `archive` (`streamlab:archive`)."""

    shard_count: Annotated[int, Between(1, 200)] = 2
    """Shards of a provisioned stream; the text has two."""
    layout: Literal["record", "batch"] = "record"
    """An object per record, as in the text, or a compressed one per batch, whose writing costs as many times less as
    a batch has records: give it large ones (batch_size, batching_window_seconds)."""


@dataclass(frozen=True)
class CommonSettings:
    """What holds for all lessons of the stack."""

    lessons: Annotated[Sequence[str], Names()] = ()
    """The lessons to deploy."""
    names: Naming = "auto"
    """`text`: the names that the lesson's text prints; `auto`: names that never collide in a shared account."""
    role_mode: RoleMode = "create"
    """`existing`: functions run with the role LabRole of a Learner Lab, where no role can be made."""
    removable: bool = True
    """Whether removing the stack may remove what it holds: items, objects, logs."""
    expires: Annotated[str | None, Day()] = None
    """The day from which whoever looks after the account may remove what is left; a tag on everything. Chosen when the
    stack is made and kept, so that a second `up` has nothing to change; without it there is no such tag."""


class LessonArgs(TypedDict):
    """What every lesson's component is told."""

    names: Naming
    """Literal names of the text, or names made by Pulumi."""
    role_mode: RoleMode
    """Roles of its own, or the Learner Lab's."""
    removable: bool
    """Whether its data may go with the stack."""
    tags: dict[str, str]
    """Tags for everything that takes them."""
