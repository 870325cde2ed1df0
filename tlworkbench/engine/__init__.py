"""What runs inside a job's child process. Imported by nobody: started as `python -m tlworkbench.engine JOB-FOLDER`."""
