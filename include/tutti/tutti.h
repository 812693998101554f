/* SPDX-License-Identifier: Apache-2.0
 *
 * tutti: collective communication with predictable time. This header includes all others.
 */
#ifndef TUTTI_TUTTI_H_
#define TUTTI_TUTTI_H_

#include "tutti/codec.h"
#include "tutti/collectives.h"
#include "tutti/comm.h"
#include "tutti/compression.h"
#include "tutti/group.h"
#include "tutti/memory.h"
#include "tutti/op.h"
#include "tutti/persistent.h"
#include "tutti/powersgd.h"
#include "tutti/request.h"
#include "tutti/status.h"
#include "tutti/telemetry.h"
#include "tutti/types.h"

#endif /* TUTTI_TUTTI_H_ */
