"""Several machines, or several processes of one, on Ray (optional: pip install "sensevoice-web[ray]").

worker.py is what runs on each GPU, with the models loaded; ray_fleet.py hands recordings to the workers. The
jobs of the page and the folder script use it in place of the local pipeline, and notice no difference.
"""
