"""The skills that come with Nearfield; a site's own lie in a folder that its configuration names."""
