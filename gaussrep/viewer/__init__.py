"""A web page to look at Gaussians. viser is imported when the page is served."""
