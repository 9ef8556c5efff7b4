"""arrays -> ranking: score files for a question and render the answer; touches no table and no file."""
