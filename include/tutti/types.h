/* SPDX-License-Identifier: Apache-2.0
 *
 * Element types and reduction operations. The values are stable: they are compared across ranks.
 */
#ifndef TUTTI_TYPES_H_
#define TUTTI_TYPES_H_

#include <stddef.h>
#include <stdint.h>

#include "tutti/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tutti_dtype TUTTI_ENUM_BASE {
  TUTTI_INT8 = 0,
  TUTTI_UINT8 = 1,
  TUTTI_INT32 = 2,
  TUTTI_UINT32 = 3,
  TUTTI_INT64 = 4,
  TUTTI_UINT64 = 5,
  TUTTI_FLOAT16 = 6,  /* IEEE 754 binary16 */
  TUTTI_BFLOAT16 = 7, /* upper half of a binary32 */
  TUTTI_FLOAT32 = 8,
  TUTTI_FLOAT64 = 9
} tutti_dtype_t;

/* Integer sum and product wrap around. Minimum and maximum of floating-point values return NaN when any input is NaN,
 * and order -0 below +0. The average is the sum divided by the number of ranks; for integers the quotient is rounded
 * towards zero (of the wrapped sum). The bitwise operations are for integers; with a floating-point type they give
 * INVALID_ARGUMENT. All ranks always end with the same bits. */
typedef enum tutti_op TUTTI_ENUM_BASE {
  TUTTI_SUM = 0,
  TUTTI_PROD = 1,
  TUTTI_MIN = 2,
  TUTTI_MAX = 3,
  TUTTI_AVG = 4,
  TUTTI_AND = 5, /* bitwise */
  TUTTI_OR = 6,
  TUTTI_XOR = 7
} tutti_op_t;

/* Bytes per element; 0 for an unknown type. Any thread. Since 0.1. */
TUTTI_API size_t tutti_dtype_size(tutti_dtype_t dtype);

/* "float32", "bfloat16", ...; "unknown" for an unknown type. Any thread. Since 0.1. */
TUTTI_API const char* tutti_dtype_name(tutti_dtype_t dtype);

/* "sum", "xor", ..., for one of tutti/op.h its name, until it is destroyed; "unknown" for an unknown operation. Any thread.
 * Since 0.1. */
TUTTI_API const char* tutti_op_name(tutti_op_t op);

#ifdef __cplusplus
}
#endif

#endif /* TUTTI_TYPES_H_ */
