// The loops for one level of the processor: `KERNELS` names the table, the compiler's options the level.

#include "activation.h"
#include "adamw.h"
#include "heads.h"
#include "kernels.h"
#include "rows.h"

namespace finetop {

extern const Kernels KERNELS = {mask,  add_norm, add_norm_gradient, head_room,      head,           head_gradient,
                                adamw, decay,    gelu<float>,       gelu_gradient<float>, gelu<BFloat16>, gelu_gradient<BFloat16>};

}  // namespace finetop
