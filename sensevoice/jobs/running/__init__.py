"""Jobs under way: whose turn it is, what a run does, and how it goes on after the process died.

runner.py works through them in the order of queue.py, each by a JobRun of run.py, and following.py answers
those who look on. resume.py lets a job go on where a killed process left it, suspects.py finds the clip that
killed it, and checkpoint.py lets a run end after any answer of the model.
"""
