//! The grams by which a customer is found.
