//! All that is known of an experiment before it runs; the one place that puts file, data and model together.
