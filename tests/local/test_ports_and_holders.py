import os
import socket

import pytest

from mappings.errors import InputError, PortTaken
from shelfsight.local.ports import LOOPBACK, choose, is_free


def test_a_fixed_port_that_is_held_names_port_process_and_command() -> None:
    with socket.socket() as mine:
        mine.bind((LOOPBACK, 0))
        mine.listen()
        port = mine.getsockname()[1]
        with pytest.raises(PortTaken) as got:
            choose("OpenSearch", port, None, ())
    message = str(got.value)
    assert f"Port {port}" in message
    assert f"process {os.getpid()} (" in message
    assert "python" in message or "pytest" in message
    assert got.value.exit_code == 3


def test_a_fixed_port_that_is_free_is_taken() -> None:
    free = choose("it", None, None, ())
    assert choose("it", free, None, ()) == free


def test_one_port_is_not_given_twice() -> None:
    free = choose("it", None, None, ())
    with pytest.raises(PortTaken):
        choose("it", free, None, (free,))
    assert choose("it", None, free, (free,)) != free


def test_the_port_of_the_last_run_is_taken_again_while_it_is_free() -> None:
    with socket.socket() as mine:
        mine.bind((LOOPBACK, 0))
        mine.listen()
        port = mine.getsockname()[1]
        assert not is_free(port)
        assert choose("it", None, port, ()) != port
    assert choose("it", None, port, ()) == port


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_no_port_number(port: int) -> None:
    with pytest.raises(InputError, match="not a port number"):
        choose("it", port, None, ())
