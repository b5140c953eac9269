//! Amounts that never lose a cent.
