"""What `atalaya init` finds in a team's repository, and what it writes there and takes back."""
