// SPDX-License-Identifier: Apache-2.0
#include "train/digits.h"

#include <zlib.h>

#include <memory>
#include <sstream>
#include <stdexcept>

namespace {

std::string Unzip(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw std::runtime_error("cannot open " + path + "; give the path of digits.csv.gz as argument");
  std::string text;
  std::array<char, 1 << 16> buffer;
  int n = 0;
  while ((n = gzread(file.get(), buffer.data(), static_cast<unsigned>(buffer.size()))) > 0) {
    text.append(buffer.data(), static_cast<size_t>(n));
  }
  if (n < 0) throw std::runtime_error("cannot unzip " + path + "; is it damaged?");
  return text;
}

Image ParseLine(const std::string& line) {
  Image image;
  std::istringstream stream(line);
  std::array<int, kPixels + 1> values;
  char comma = ',';
  for (int i = 0; i <= kPixels; ++i) {
    stream >> values[static_cast<size_t>(i)];
    if (i < kPixels) stream >> comma;
    if (!stream || comma != ',') throw std::runtime_error("not 65 numbers: \"" + line + "\"");
  }
  for (size_t i = 0; i < kPixels; ++i) {
    if (values[i] < 0 || values[i] > 16) throw std::runtime_error("a pixel is not 0..16: \"" + line + "\"");
    image.pixels[i] = static_cast<float>(values[i]) / 16;
  }
  image.digit = values[kPixels];
  if (image.digit < 0 || image.digit >= kDigits) throw std::runtime_error("the digit is not 0..9: \"" + line + "\"");
  return image;
}

}  // namespace

Digits ReadDigits(const std::string& path, uint64_t seed) {
  std::istringstream text(Unzip(path));
  std::vector<Image> images;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) images.push_back(ParseLine(line));
  }
  if (images.size() < 100) throw std::runtime_error(path + " has only " + std::to_string(images.size()) + " images");
  Random(seed).Shuffle(&images);
  const auto split = images.begin() + static_cast<std::ptrdiff_t>(images.size() * 4 / 5);
  return {{images.begin(), split}, {split, images.end()}};
}

uint64_t Random::Next() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}
