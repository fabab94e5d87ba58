"""Writing a project: the pipeline in a team's own repository, and the sample data of this one."""
