"""Google's STAC catalogue of Earth Engine, as much of it as geedim reads.

It is another service than Earth Engine's API, on another host, and nothing that the
emulator is meant to be: here it is a few files on loopback, made of the emulator's own
bands, so that the tests need no network.
"""

import contextlib
import http.server
import json
import threading

import emulator.catalogue

COLLECTIONS = ("COPERNICUS/S2_SR_HARMONIZED", "COPERNICUS/S2_HARMONIZED")


def documents(url):
    """Returns the catalogue's files by path."""
    earth = emulator.catalogue.earth()
    links, found = [], {}
    for name in COLLECTIONS:
        title = name.replace("/", "_")
        scene = next(earth.collection(name).scenes((9.5, 56.0, 9.6, 56.1), None, None))
        bands = [
            {"name": band.name, "gsd": band.grid.transform[0]} for band in scene.bands
        ]
        found[f"/{title}.json"] = {"id": name, "summaries": {"eo:bands": bands}}
        links.append({"rel": "child", "title": title, "href": f"{url}/{title}.json"})
    found["/COPERNICUS.json"] = {"links": links}
    top = {"rel": "child", "title": "COPERNICUS", "href": f"{url}/COPERNICUS.json"}
    found["/catalog.json"] = {"links": [top]}
    return found


@contextlib.contextmanager
def served():
    """Serves the catalogue, and yields the address of its root."""
    files = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(files[self.path]).encode()
            self.send_response(200)
            # As Google's storage sends it.
            self.send_header("content-type", "text/plain")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        url = f"http://127.0.0.1:{running.server_address[1]}"
        files.update(documents(url))
        thread = threading.Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        yield f"{url}/catalog.json"
        running.shutdown()
        thread.join()
