//! finetop
