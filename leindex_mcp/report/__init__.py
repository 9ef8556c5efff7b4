"""What a person or a model is told of a run, a look or a check."""
