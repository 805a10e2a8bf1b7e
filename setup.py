"""Packaging: packages are named, for discovery refuses several top-level ones."""

from pathlib import Path

from setuptools import setup

PACKAGES = [
    "pipeline",
    "transforms",
    "modalities",
    "earthengine",
    "dataset",
    "runners",
    "emulator",
    "emulator.algorithms",
    "emulator.catalogue",
    "emulator.evaluator",
    "emulator.local",
    "emulator.faults",
    "emulator.layers",
    "emulator.planet",
    "emulator.preview",
    "emulator.protocol",
    "emulator.recordings",
]

# Programs that we did not write, which run against the emulator unchanged.
STRANGERS = ["cubexpress>=0.2.8", "eemont>=2025.7", "geedim>=2.0,<3", "xee>=0.1.2"]

setup(
    name="earthloom",
    version="0.1.0",
    description="GeoJSON tiles in, an ML-ready multi-modal satellite dataset out",
    long_description=Path(__file__).with_name("README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=PACKAGES,
    package_data={
        "emulator.planet": ["data/*"],
    },
    install_requires=[
        "apache-beam>=2.68,<2.78",
        "deflate>=0.7",
        "earthengine-api>=1.7.35",
        "geopandas>=1.0",
        "google-api-python-client>=2.100",
        "google-auth>=2.0",
        "h5py>=3.10",
        "httplib2>=0.22,<1",
        "numpy>=1.26",
        "pillow>=10",
        "pyarrow>=14",
        "pyproj>=3.6",
        "pyyaml>=6",
        "rasterio>=1.3",
        "requests>=2.31",
        "shapely>=2.0",
        "tzdata>=2024.1",
        "urllib3>=2.2",
    ],
    extras_require={
        "gcp": ["apache-beam[gcp]>=2.68,<2.78", "earthengine-api>=1.7.35,<1.7.36"],
        # Flink itself is a Java program; Beam's client for it is in the core.
        "flink": [],
        "test": [
            "cryptography>=40",
            "global-land-mask>=1.0",
            "hypothesis>=6.100",
            "mgrs>=1.5",
            "mypy>=1.11",
            "psutil>=5.9",
            "pytest>=8",
            "ruff>=0.8",
            *STRANGERS,
        ],
        "strangers": STRANGERS,
        "docs": ["mkdocs-material>=9.5", "mkdocstrings[python]>=0.26"],
    },
)
