"""The control plane of `ecr-fixture` as generated stubs. Internal: import from `ecrfixture` instead."""
