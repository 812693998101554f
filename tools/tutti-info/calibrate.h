// SPDX-License-Identifier: Apache-2.0
// --calibrate: measures, as a job of two ranks or more, what messages, reductions and copies cost here, and writes it to a file
// for tutti-sim, --explain and --table. It is a program over the C API like any other.
#ifndef TUTTI_TOOLS_TUTTI_INFO_CALIBRATE_H_
#define TUTTI_TOOLS_TUTTI_INFO_CALIBRATE_H_

#include <string>

namespace tutti::info {

// All ranks of the job call it; rank 0 writes the file and says so on stdout. The exit status; a sentence is on stderr if it is
// not 0.
int Calibrate(const std::string& file);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_CALIBRATE_H_
