//! Training: the only code that names `tch`. Knows nothing of the command line, the dashboard, the queue or reports.
