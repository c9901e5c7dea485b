"""The policy pack: `pulumi up --policy-pack policy`. The rules know nothing of it; here they meet Pulumi."""

from __future__ import annotations

from policy.pack import make_pack

make_pack()
