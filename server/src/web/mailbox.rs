//! The mail that was captured, because there is no mail server: for trying things out on one's own machine.
