"""`python -m tests.site FOLDER` builds the docs site of this version beside those that FOLDER has already."""

from tests.site.build import main

main()
