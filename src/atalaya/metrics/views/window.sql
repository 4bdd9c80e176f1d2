-- Lists the records of a kind that belong to the watch: they happened inside its window.
SELECT {columns}, of_a_service, of_another_commit, of_another_event
FROM recorded_{records}
WHERE outside_window = 0
