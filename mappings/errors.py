"""The whole exception tree of Shelfsight, and the exit code that each branch means.

    ShelfsightError                  every error that a person can cure; carries the cure
    ├── InputError          exit 2   what was given is wrong: file, column, option, query
    │   ├── UnknownModel             a model name that cannot be loaded
    │   └── CatalogueUnavailable     the alias or what is attached to an index cannot be used
    ├── IdentityMismatch    exit 2   vectors of two spaces would meet in one index
    └── StackError          exit 3   the surroundings are wrong: unreachable, full, taken
        ├── NodeUnreachable          OpenSearch does not answer
        ├── BrokerUnreachable        the message broker does not answer
        │   └── BrokerRefuses        it answers, and takes no work: its disk or memory is full
        ├── PortTaken                someone else holds the port
        └── DiskFull                 no room left, or the node's flood stage

Errors cross process borders (Celery), so they pickle: every argument is kept in ``args``.
"""

EXIT_OK = 0
EXIT_PARTLY = 1
EXIT_INPUT = 2
EXIT_ENVIRONMENT = 3


class ShelfsightError(Exception):
    """What went wrong, and the cure, in two sentences that a person can act on.

    Args:
        problem: What was given and why it cannot be used.
        cure: What to do about it, as a command where there is one.
    """

    exit_code = EXIT_INPUT

    def __init__(self, problem: str, cure: str = "") -> None:
        super().__init__(problem, cure)
        self.problem = problem
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.problem} {self.cure}".strip()


class InputError(ShelfsightError):
    """What was given (file, column, option, query) cannot be used."""


class UnknownModel(InputError):
    """A model name that no loader knows, or that cannot be loaded here."""


class CatalogueUnavailable(InputError):
    """The alias, or what is attached to an index, cannot be used: its operator's to mend."""


class IdentityMismatch(ShelfsightError):
    """Vectors made by another model, projection or preprocessing than the index holds."""


class StackError(ShelfsightError):
    """The surroundings are not fit to go on: unreachable, full or taken."""

    exit_code = EXIT_ENVIRONMENT


class NodeUnreachable(StackError):
    """OpenSearch does not answer."""


class BrokerUnreachable(StackError):
    """The message broker does not answer."""


class BrokerRefuses(BrokerUnreachable):
    """The message broker answers and takes no work: its disk or memory is full."""


class PortTaken(StackError):
    """Another process holds the port that was asked for."""


class DiskFull(StackError):
    """No room is left on the disk, or the node has stopped writes for that reason."""
