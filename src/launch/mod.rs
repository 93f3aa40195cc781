//! WHERE runs execute: a pure queue and local processes. Knows nothing of tensors or screens.
