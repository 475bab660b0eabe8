"""OpenSearch as a process of the stack: its settings, its Java command, and how it is asked.

Java is started without the distribution's shell script: no bash is needed, and three start-ups of
Java become one. The options are those that the script and its ``jvm.options`` add up to.
"""

import re
from base64 import b64decode
from pathlib import Path

from mappings.errors import InputError
from shelfsight.local.account import Account
from shelfsight.local.child import Child
from shelfsight.local.folder import StackFolder, write_settings
from shelfsight.local.java import VECTOR_MODULE, Java
from shelfsight.local.ports import LOOPBACK
from shelfsight.local.server import Server

NAME = "node"
USUAL_SECONDS = 14
GRACE_SECONDS = 25.0
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
# Absolute watermarks: by share, the default, a large and nearly full disk would refuse writes.
_SETTINGS = """\
cluster.name: shelfsight
node.name: local
path.data: "{data}"
path.logs: "{logs}"
network.host: {host}
http.port: {http}
transport.port: {transport}
discovery.type: single-node
action.auto_create_index: false
search.default_search_timeout: 5s
search.cancel_after_time_interval: 5s
cluster.routing.allocation.disk.watermark.low: 512mb
cluster.routing.allocation.disk.watermark.high: 384mb
cluster.routing.allocation.disk.watermark.flood_stage: 256mb
"""
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %marker %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""
# Without a keystore OpenSearch writes one into its settings, where it may only read. This one was
# written by 3.6.0 and is empty but for the seed that every keystore has, which nothing here uses.
_KEYSTORE = b64decode(
    "P9dsFxNvcGVuc2VhcmNoLmtleXN0b3JlAAAABAAAAACTAAAAQHaW9TsDnbI6zkkgYQNI1DhMXTPGC7rLX1/phSyozfK0"
    "QpktiTS/phxWdfY3MIDshJVwhDriIvxeywDbrawsNtYAAAAMwZ/HuYg5pfRcHorNAAAAO/bGayfm5bo4NDY1bShtIAu+"
    "n0OltW9sWqxFNZi8LbfKkV0ZIsPdc2ecdH4ISBFzEVymXSenZAhyWiyywCiT6AAAAAAAAAAA+uN4RQ=="
)
_OPTIONS = (
    "-Xshare:auto",
    "-Xss1m",
    "-XX:+UseG1GC",
    "-XX:G1ReservePercent=25",
    "-XX:InitiatingHeapOccupancyPercent=30",
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
    "-Djava.locale.providers=SPI,CLDR",
    "-Djna.nosys=true",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.recycler.maxCapacityPerThread=0",
    "-Dio.netty.allocator.numDirectArenas=0",
    "-Dlog4j.shutdownHookEnabled=false",
    "-Dlog4j2.disable.jmx=true",
    "-Dopensearch.networkaddress.cache.ttl=60",
    "-Dopensearch.networkaddress.cache.negative.ttl=10",
    "-Dopensearch.distribution.type=zip",
    "-Dopensearch.bundled_jdk=false",
    "-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1",
    "--add-opens=java.base/java.nio=org.apache.arrow.memory.core,ALL-UNNAMED",
)


def heap_bytes(heap: str) -> int:
    """Return the bytes of a heap size such as ``1g`` or ``768m``.

    Raises:
        InputError: It is no size, or less than 256 MiB.
    """
    found = re.fullmatch(r"(\d+)([kmg])", heap.strip().lower())
    size = int(found.group(1)) * _UNITS[found.group(2)] if found else 0
    if size < 256 << 20:
        raise InputError(
            f"{heap!r} is no heap size for OpenSearch.", "Give at least 256m, e.g. 1g."
        )
    return size


def node_url(port: int) -> str:
    """Return where OpenSearch answers, without a slash at the end."""
    return f"http://{LOOPBACK}:{port}"


def node_child(
    server: Server,
    java: Java,
    folder: StackFolder,
    account: Account | None,
    port: int,
    transport: int,
    heap: str,
) -> Child:
    """Write the node's settings and return the process to start.

    Args:
        server: The unpacked OpenSearch.
        java: A Java that the account can read.
        folder: Where settings, data and logs go.
        account: Who runs it; None means ourselves.
        port: For HTTP.
        transport: For the node's own protocol.
        heap: Size of the Java heap, e.g. ``1g``.

    Raises:
        InputError: The heap is no size.
    """
    _write_settings(folder, account, port, transport)
    return Child(
        name=NAME,
        argv=_command(server, java, folder, heap),
        env={"HOME": str(folder.node), "LANG": "C.UTF-8"},
        cwd=str(folder.node),
        log=str(folder.logs / "node.log"),
        uid=account.uid if account else None,
        gid=account.gid if account else None,
        folders=tuple(str(folder.node / name) for name in ("data", "logs", "tmp")),
        # Yellow at least: the indexes of an earlier run are open again, not just the port.
        probe=f"{node_url(port)}/_cluster/health?wait_for_status=yellow&timeout=1s",
        grace=GRACE_SECONDS,
        # An index that cannot be opened must not keep the others, and its own deletion, from us.
        second_probe=f"{node_url(port)}/",
    )


def _write_settings(
    folder: StackFolder, account: Account | None, port: int, transport: int
) -> None:
    settings = _SETTINGS.format(
        data=folder.node / "data",
        logs=folder.node / "logs",
        host=LOOPBACK,
        http=port,
        transport=transport,
    )
    place = _settings_folder(folder)
    place.mkdir(exist_ok=True)
    place.chmod(0o755)
    for name, content in (
        ("opensearch.yml", settings.encode()),
        ("log4j2.properties", _LOGGING.encode()),
        ("opensearch.keystore", _KEYSTORE),
    ):
        write_settings(place / name, content, account)


def _settings_folder(folder: StackFolder) -> Path:
    return folder.settings / "node"


def _command(server: Server, java: Java, folder: StackFolder, heap: str) -> tuple[str, ...]:
    class_path = f"{server.home}/lib/*"
    if java.trimmed:
        class_path += "".join(f":{jar}" for jar in server.icu)
    newer = ("-XX:+UseCompactObjectHeaders",) if java.major >= 25 else ()
    vector = (f"--add-modules={VECTOR_MODULE}",) if java.simd else ()
    return (
        str(java.home / "bin" / "java"),
        *_OPTIONS,
        *newer,
        *vector,
        f"-Xms{heap}",
        f"-Xmx{heap}",
        f"-XX:MaxDirectMemorySize={heap_bytes(heap) // 2}",
        f"-XX:ErrorFile={folder.node}/logs/hs_err_pid%p.log",
        f"-Djava.io.tmpdir={folder.node}/tmp",
        f"-javaagent:{server.home}/agent/opensearch-agent.jar",
        f"-Dopensearch.path.home={server.home}",
        f"-Dopensearch.path.conf={_settings_folder(folder)}",
        "-cp",
        class_path,
        "org.opensearch.bootstrap.OpenSearch",
    )
