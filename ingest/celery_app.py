"""The Celery application: late acknowledgement, JSON only, spawned processes, bounded retries."""

from typing import Any

from ingest.options import WorkerOptions
from ingest.sender import MAINTENANCE, QUEUES
from mappings.errors import BrokerUnreachable, StackError

OPTIONS_KEY = "shelfsight_secret_options"
"""Celery hides settings with SECRET in their name from `inspect conf` and reports."""
QUEUE_ORDER = (QUEUES["index"], QUEUES["embed_image"], QUEUES["embed_text"], MAINTENANCE)
"""What is nearest to being searchable goes first (Redis; RabbitMQ serves queues in turn)."""


def build_app(options: WorkerOptions) -> Any:  # noqa: ANN401 - celery.Celery
    """Return the application, for workers and for programs that send work.

    Raises:
        InputError: The task limits and the visibility timeout do not fit.
    """
    options.limits.check()
    from celery import Celery

    app = Celery("shelfsight", include=["ingest.tasks"])
    app.conf.update(_settings(options) | _transport(options) | {OPTIONS_KEY: options.to_json()})
    app.conf.task_queues = [_queue(name, options) for name in QUEUE_ORDER]
    return app


def _settings(options: WorkerOptions) -> dict[str, Any]:
    """Return what holds for every broker."""
    limits = options.limits
    return {
        "broker_url": options.broker_url,
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "result_accept_content": ["json"],
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_acks_on_failure": True,
        "task_acks_on_timeout": True,
        "task_retry_on_worker_lost": True,
        "task_reject_on_worker_lost": False,
        "task_soft_time_limit": limits.soft,
        "task_time_limit": limits.hard,
        "task_default_queue": QUEUES["embed_text"],
        "task_create_missing_queues": False,
        "task_routes": {f"ingest.{stage}": {"queue": queue} for stage, queue in QUEUES.items()}
        | {"maintenance.*": {"queue": MAINTENANCE}},
        "task_publish_retry_policy": {"max_retries": 3, "interval_start": 0.1},
        "worker_concurrency": options.concurrency,
        "worker_prefetch_multiplier": 1,
        "worker_pool_start_method": "spawn",
        "worker_max_memory_per_child": limits.memory,
        "worker_soft_shutdown_timeout": min(30.0, limits.hard),
        "worker_enable_soft_shutdown_on_idle": True,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_proc_alive_timeout": 60.0,  # a spawned process imports before it says it is alive
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "broker_connection_retry_on_startup": True,
        "broker_channel_error_retry": True,  # a broker whose disk is full refuses: until it is not
        "broker_connection_timeout": 5,
    }


def _transport(options: WorkerOptions) -> dict[str, Any]:
    if options.is_amqp:
        return {
            "task_default_queue_type": "quorum",
            "broker_transport_options": {"confirm_publish": True},
        }
    visibility = options.limits.visibility
    return {
        "worker_disable_prefetch": True,
        "broker_transport_options": {
            "visibility_timeout": visibility,
            "unacked_restore_interval": options.limits.sweep,
            "unacked_restore_throttle": 1,
            "socket_timeout": 30,
            "socket_connect_timeout": 5,
            "socket_keepalive": True,
            "queue_order_strategy": "priority",
            "global_keyprefix": options.prefix,
        },
        "result_backend_transport_options": {"visibility_timeout": visibility},
        "visibility_timeout": visibility,
    }


def _queue(name: str, options: WorkerOptions) -> Any:  # noqa: ANN401 - kombu.Queue
    from kombu.entity import Exchange, Queue

    arguments = {"x-queue-type": "quorum"} if options.is_amqp else None
    exchange: Any = Exchange
    queue: Any = Queue
    return queue(name, exchange(name, type="direct"), routing_key=name, queue_arguments=arguments)


def check_broker(options: WorkerOptions) -> str:
    """Refuse a broker that would throw work away; return a warning, empty when all is well.

    Raises:
        BrokerUnreachable: It does not answer.
        StackError: A Redis that evicts keys when its memory is full.
    """
    if options.is_amqp:
        return ""
    import redis

    try:
        with redis.Redis.from_url(options.broker_url, socket_connect_timeout=5) as connection:
            found = connection.config_get("maxmemory-policy", "appendonly")
    except redis.exceptions.ResponseError:
        return "The broker does not show its settings; make sure that it never evicts keys."
    except redis.exceptions.RedisError as error:
        raise BrokerUnreachable(
            f"The broker does not answer ({type(error).__name__}: {error}).",
            "Start it with `shelfsight up`, or give its address in SHELFSIGHT_BROKER_URL.",
        ) from None
    policy = found.get("maxmemory-policy", "noeviction")
    if policy != "noeviction":
        raise StackError(
            f"The broker evicts keys when its memory is full (maxmemory-policy {policy}), which"
            " loses work.",
            "Set `maxmemory-policy noeviction` there.",
        )
    if found.get("appendonly") != "yes":
        return "The broker keeps no append-only file: what is queued is lost when it restarts."
    return ""
