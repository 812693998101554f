# SPDX-License-Identifier: Apache-2.0
"""What pyproject.toml cannot say: the extension is built by CMake, which is the one description of how."""

import pathlib
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = pathlib.Path(__file__).resolve().parent


class CMakeBuild(build_ext):
    def build_extension(self, extension):
        target = pathlib.Path(self.get_ext_fullpath(extension.name)).resolve()
        build = pathlib.Path(self.build_temp).resolve()
        build.mkdir(parents=True, exist_ok=True)
        options = ["-DTUTTI_BUILD_TESTS=OFF", "-DCMAKE_BUILD_TYPE=Release", "-DPython3_EXECUTABLE=" + sys.executable]
        subprocess.check_call(["cmake", "-S", str(HERE), "-B", str(build), *options])
        subprocess.check_call(["cmake", "--build", str(build), "--parallel", "2"])
        (built,) = (build / "python" / "tutti_torch").glob("_C.*.so")
        target.parent.mkdir(parents=True, exist_ok=True)
        self.copy_file(str(built), str(target))


setup(ext_modules=[Extension("tutti_torch._C", sources=[])], cmdclass={"build_ext": CMakeBuild})
