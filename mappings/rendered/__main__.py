"""``python -m mappings.rendered``: write the checked-in index bodies anew."""

from mappings.rendered import rewrite

rewrite()
