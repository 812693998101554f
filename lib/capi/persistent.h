// SPDX-License-Identifier: Apache-2.0
// Operations that are bound once and run again and again, and the process's table of them.
#ifndef TUTTI_LIB_CAPI_PERSISTENT_H_
#define TUTTI_LIB_CAPI_PERSISTENT_H_

#include "lib/comm/communicator.h"
#include "tutti/persistent.h"

namespace tutti {

// Binds a call that has been checked. All that it points to but buffers may go afterwards.
tutti_status_t MakePersistent(Communicator& communicator, const CollectiveCall& call, const char* function,
                              tutti_persistent_t* persistent);

// Frees those of the communicator, which is about to be destroyed.
void FreePersistentsOf(Communicator& communicator);

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_PERSISTENT_H_
