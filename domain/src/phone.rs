//! Telephone numbers in one form, and the form that is safe to show.
