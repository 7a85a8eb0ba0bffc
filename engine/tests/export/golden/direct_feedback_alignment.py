"""direct-feedback-alignment on moons, as Signalbox trains it, for PyTorch.

Each line is one operation of the step that Signalbox ran; `R` holds the registers, under its names. Weights, state
and data come from train.safetensors, which lies beside this file.

    python3 {this file} --steps 100
"""



SPEC = json.loads("{\"version\":1,\"data\":\"moons\",\"stages\":[[{\"block\":\"linear\",\"units\":16},{\"block\":\"activation\",\"function\":\"tanh\"}],[{\"block\":\"route\",\"routing\":\"top-k\",\"blocks\":[{\"block\":\"linear\",\"units\":16}]},{\"block\":\"activation\",\"function\":\"gelu\"}],[{\"block\":\"linear\"}]],\"rule\":\"direct-feedback-alignment\",\"optimizer\":\"adam\",\"schedule\":\"constant\",\"loss\":\"cross-entropy\",\"rate\":0.005,\"batch\":32,\"clip\":0,\"seed\":11}")


def step():
    # the run
    shuffle_3 = shuffle(R["seed"], R["step"], 0x1a03dffb, 800, 32)  # [32]
    gather_6 = gather(R["train/x"], shuffle_3)  # [32×2]
    gather_7 = gather(R["train/y"], shuffle_3)  # [32]
    iota_9 = torch.arange(2).float()  # [2]
    eq_10 = (gather_7.reshape((32, 1)) == iota_9).float()  # [32×2]
    # 1 › 1.linear
    add_14 = (gather_6 @ R["1/1.linear/weight"]) + R["1/1.linear/bias"]  # [32×16]
    # 1 › 2.activation
    tanh_15 = torch.tanh(add_14)  # [32×16]
    # 2 › 1.route
    matmul_17 = tanh_15 @ R["2/1.route/router"]  # [32×4]
    detach_19 = matmul_17.amax((1,), keepdim=True)  # [32×1]
    sum_of_22 = torch.exp(matmul_17 - detach_19).sum((1,), keepdim=True)  # [32×1]
    sub_25 = matmul_17 - (torch.log(sum_of_22) + detach_19)  # [32×4]
    exp_26 = torch.exp(sub_25)  # [32×4]
    argsort_29 = argsort(matmul_17 + R["2/1.route/bias"], True)  # [32×4]
    slice_30 = argsort_29.narrow(1, 0, 2)  # [32×2]
    eq_33 = (slice_30.reshape((32, 2, 1)) == torch.arange(4).float()).float()  # [32×2×4]
    mul_36 = eq_33.sum((0, 1), keepdim=True) * 0.015625  # [1×1×4]
    mul_43 = (1.0 - (mul_36.reshape((4,)) * 4.0)) * 0.1  # [4]
    detach_45 = (R["2/1.route/bias"] + mul_43)  # [4]
    sum_of_48 = (eq_33 * matmul_17.reshape((32, 1, 4))).sum((2,), keepdim=True)  # [32×2×1]
    reshape_49 = sum_of_48.reshape((32, 2))  # [32×2]
    detach_51 = reshape_49.amax((1,), keepdim=True)  # [32×1]
    exp_53 = torch.exp(reshape_49 - detach_51)  # [32×2]
    sum_of_54 = exp_53.sum((1,), keepdim=True)  # [32×1]
    sub_57 = reshape_49 - (torch.log(sum_of_54) + detach_51)  # [32×2]
    exp_58 = torch.exp(sub_57)  # [32×2]
    reshape_59 = slice_30.reshape((64,))  # [64]
    argsort_60 = argsort(reshape_59, False)  # [64]
    floor_64 = torch.floor((argsort_60 + 0.5) * 0.5)  # [64]
    gather_65 = gather(tanh_15, floor_64)  # [64×16]
    scatter_67 = scatter_add(reshape_59, const(1.0).broadcast_to((64,)), 4)  # [4]
    gather_68 = gather(reshape_59, argsort_60)  # [64]
    # 2 › 1.route › 1.linear
    grouped_70 = grouped_matmul(gather_65, R["2/1.route/1.linear/weight"], scatter_67, False)  # [64×16]
    gather_72 = gather(R["2/1.route/1.linear/bias"], gather_68)  # [64×16]
    add_73 = grouped_70 + gather_72  # [64×16]
    # 2 › 1.route
    gather_75 = gather(exp_58.reshape((64,)), argsort_60)  # [64]
    reshape_76 = gather_75.reshape((64, 1))  # [64×1]
    scatter_78 = scatter_add(floor_64, add_73 * reshape_76, 32)  # [32×16]
    mul_79 = scatter_67 * 0.015625  # [4]
    reshape_82 = scatter_67.sum((0,), keepdim=True).reshape(())  # []
    mul_84 = (64.0 - reshape_82) * 0.015625  # []
    ln_87 = torch.log(torch.maximum(exp_26, const(1e-30)))  # [32×4]
    sum_of_90 = (exp_26 * ln_87).sum((1,), keepdim=True).sum((0, 1), keepdim=True)  # [1×1]
    neg_94 = -(sum_of_90.reshape(()) * 0.03125)  # []
    # 2 › 2.activation
    mul_96 = scatter_78 * 0.70710677  # [32×16]
    add_98 = torch.erf(mul_96) + 1.0  # [32×16]
    mul_99 = scatter_78 * 0.5  # [32×16]
    mul_100 = mul_99 * add_98  # [32×16]
    # 3 › 1.linear
    add_104 = (mul_100 @ R["3/1.linear/weight"]) + R["3/1.linear/bias"]  # [32×2]
    # the run
    max_of_105 = add_104.amax((1,), keepdim=True)  # [32×1]
    detach_106 = max_of_105  # [32×1]
    exp_108 = torch.exp(add_104 - detach_106)  # [32×2]
    sum_of_109 = exp_108.sum((1,), keepdim=True)  # [32×1]
    sub_112 = add_104 - (torch.log(sum_of_109) + detach_106)  # [32×2]
    sum_of_114 = (eq_10 * sub_112).sum((1,), keepdim=True)  # [32×1]
    sum_of_117 = (-sum_of_114).reshape((32,)).sum((0,), keepdim=True)  # [1]
    mul_119 = sum_of_117.reshape(()) * 0.03125  # []
    broadcast_121 = const(0.03125).reshape((1,)).broadcast_to((32,))  # [32]
    broadcast_124 = (-broadcast_121.reshape((32, 1))).broadcast_to((32, 2))  # [32×2]
    mul_125 = broadcast_124 * eq_10  # [32×2]
    div_128 = (-mul_125).sum((1,), keepdim=True) / sum_of_109  # [32×1]
    add_131 = mul_125 + (div_128.broadcast_to((32, 2)) * exp_108)  # [32×2]
    # 3 › 1.linear
    reshape_133 = add_131.sum((0,), keepdim=True).reshape((2,))  # [2]
    # the run
    mul_137 = (add_131 @ R["rule/feedback 1"]) * R["rule/scale"]  # [32×16]
    mul_140 = (add_131 @ R["rule/feedback 2"]) * R["rule/scale"]  # [32×16]
    # 1 › 2.activation
    mul_143 = mul_137 * (1.0 - (tanh_15 * tanh_15))  # [32×16]
    # 1 › 1.linear
    reshape_145 = mul_143.sum((0,), keepdim=True).reshape((16,))  # [16]
    matmul_146 = gather_6.mT @ mul_143  # [2×16]
    # 2 › 2.activation
    mul_149 = (mul_140 * add_98) * 0.5  # [32×16]
    mul_154 = torch.exp(-(mul_96 * mul_96)) * 1.1283792  # [32×16]
    mul_156 = ((mul_140 * mul_99) * mul_154) * 0.70710677  # [32×16]
    # the run
    add_157 = mul_149 + mul_156  # [32×16]
    # 2 › 1.route
    gather_158 = gather(add_157, floor_64)  # [64×16]
    mul_159 = gather_158 * reshape_76  # [64×16]
    sum_of_161 = (gather_158 * add_73).sum((1,), keepdim=True)  # [64×1]
    scatter_163 = scatter_add(argsort_60, sum_of_161.reshape((64,)), 64)  # [64]
    # 2 › 1.route › 1.linear
    scatter_165 = scatter_add(gather_68, mul_159, 4)  # [4×16]
    grouped_166 = grouped_outer(gather_65, mul_159, scatter_67)  # [4×16×16]
    # 2 › 1.route
    mul_167 = scatter_163.reshape((32, 2)) * exp_58  # [32×2]
    div_170 = (-mul_167).sum((1,), keepdim=True) / sum_of_54  # [32×1]
    mul_172 = div_170.broadcast_to((32, 2)) * exp_53  # [32×2]
    # the run
    add_173 = mul_167 + mul_172  # [32×2]
    # 2 › 1.route
    broadcast_175 = add_173.reshape((32, 2, 1)).broadcast_to((32, 2, 4))  # [32×2×4]
    sum_of_177 = (broadcast_175 * eq_33).sum((1,), keepdim=True)  # [32×1×4]
    matmul_179 = tanh_15.mT @ sum_of_177.reshape((32, 4))  # [16×4]
    # 3 › 1.linear
    matmul_180 = mul_100.mT @ add_131  # [16×2]
    # the run
    slice_181 = R["step"].narrow(0, 0, 1)  # [1]
    slice_182 = R["step"].narrow(0, 1, 1)  # [1]
    reshape_186 = (slice_181 + (slice_182 * 65536.0)).reshape(())  # []
    add_187 = reshape_186 + 1.0  # []
    mul_192 = R["optim/weight-decay"] * R["1/1.linear/weight"]  # [2×16]
    add_193 = matmul_146 + mul_192  # [2×16]
    sub_199 = 1.0 - R["optim/beta-1"]  # []
    sub_200 = 1.0 - R["optim/beta-2"]  # []
    sub_201 = add_193 - R["optim/adam/m/1/1.linear/weight"]  # [2×16]
    add_203 = R["optim/adam/m/1/1.linear/weight"] + (sub_199 * sub_201)  # [2×16]
    sub_205 = (add_193 * add_193) - R["optim/adam/v/1/1.linear/weight"]  # [2×16]
    add_207 = R["optim/adam/v/1/1.linear/weight"] + (sub_200 * sub_205)  # [2×16]
    max_of_208 = torch.maximum(R["optim/beta-1"], const(1e-30))  # []
    exp_211 = torch.exp(add_187 * torch.log(max_of_208))  # []
    sub_212 = 1.0 - exp_211  # []
    max_of_213 = torch.maximum(R["optim/beta-2"], const(1e-30))  # []
    exp_216 = torch.exp(add_187 * torch.log(max_of_213))  # []
    sub_217 = 1.0 - exp_216  # []
    div_218 = (R["optim/rate"] * 0.3) / sub_212  # []
    add_221 = torch.sqrt(add_207 / sub_217) + R["optim/epsilon"]  # [2×16]
    sub_224 = R["1/1.linear/weight"] - ((div_218 * add_203) / add_221)  # [2×16]
    mul_225 = R["optim/weight-decay"] * R["1/1.linear/bias"]  # [16]
    add_226 = reshape_145 + mul_225  # [16]
    sub_229 = add_226 - R["optim/adam/m/1/1.linear/bias"]  # [16]
    add_231 = R["optim/adam/m/1/1.linear/bias"] + (sub_199 * sub_229)  # [16]
    sub_233 = (add_226 * add_226) - R["optim/adam/v/1/1.linear/bias"]  # [16]
    add_235 = R["optim/adam/v/1/1.linear/bias"] + (sub_200 * sub_233)  # [16]
    add_238 = torch.sqrt(add_235 / sub_217) + R["optim/epsilon"]  # [16]
    sub_241 = R["1/1.linear/bias"] - ((div_218 * add_231) / add_238)  # [16]
    mul_242 = R["optim/weight-decay"] * R["2/1.route/router"]  # [16×4]
    add_243 = matmul_179 + mul_242  # [16×4]
    sub_246 = add_243 - R["optim/adam/m/2/1.route/router"]  # [16×4]
    add_248 = R["optim/adam/m/2/1.route/router"] + (sub_199 * sub_246)  # [16×4]
    sub_250 = (add_243 * add_243) - R["optim/adam/v/2/1.route/router"]  # [16×4]
    add_252 = R["optim/adam/v/2/1.route/router"] + (sub_200 * sub_250)  # [16×4]
    add_255 = torch.sqrt(add_252 / sub_217) + R["optim/epsilon"]  # [16×4]
    sub_258 = R["2/1.route/router"] - ((div_218 * add_248) / add_255)  # [16×4]
    mul_259 = R["optim/weight-decay"] * R["2/1.route/1.linear/weight"]  # [4×16×16]
    add_260 = grouped_166 + mul_259  # [4×16×16]
    sub_263 = add_260 - R["optim/adam/m/2/1.route/1.linear/weight"]  # [4×16×16]
    add_265 = R["optim/adam/m/2/1.route/1.linear/weight"] + (sub_199 * sub_263)  # [4×16×16]
    sub_267 = (add_260 * add_260) - R["optim/adam/v/2/1.route/1.linear/weight"]  # [4×16×16]
    add_269 = R["optim/adam/v/2/1.route/1.linear/weight"] + (sub_200 * sub_267)  # [4×16×16]
    add_272 = torch.sqrt(add_269 / sub_217) + R["optim/epsilon"]  # [4×16×16]
    sub_275 = R["2/1.route/1.linear/weight"] - ((div_218 * add_265) / add_272)  # [4×16×16]
    mul_276 = R["optim/weight-decay"] * R["2/1.route/1.linear/bias"]  # [4×16]
    add_277 = scatter_165 + mul_276  # [4×16]
    sub_280 = add_277 - R["optim/adam/m/2/1.route/1.linear/bias"]  # [4×16]
    add_282 = R["optim/adam/m/2/1.route/1.linear/bias"] + (sub_199 * sub_280)  # [4×16]
    sub_284 = (add_277 * add_277) - R["optim/adam/v/2/1.route/1.linear/bias"]  # [4×16]
    add_286 = R["optim/adam/v/2/1.route/1.linear/bias"] + (sub_200 * sub_284)  # [4×16]
    add_289 = torch.sqrt(add_286 / sub_217) + R["optim/epsilon"]  # [4×16]
    sub_292 = R["2/1.route/1.linear/bias"] - ((div_218 * add_282) / add_289)  # [4×16]
    mul_293 = R["optim/weight-decay"] * R["3/1.linear/weight"]  # [16×2]
    add_294 = matmul_180 + mul_293  # [16×2]
    sub_297 = add_294 - R["optim/adam/m/3/1.linear/weight"]  # [16×2]
    add_299 = R["optim/adam/m/3/1.linear/weight"] + (sub_199 * sub_297)  # [16×2]
    sub_301 = (add_294 * add_294) - R["optim/adam/v/3/1.linear/weight"]  # [16×2]
    add_303 = R["optim/adam/v/3/1.linear/weight"] + (sub_200 * sub_301)  # [16×2]
    div_304 = R["optim/rate"] / sub_212  # []
    add_307 = torch.sqrt(add_303 / sub_217) + R["optim/epsilon"]  # [16×2]
    sub_310 = R["3/1.linear/weight"] - ((div_304 * add_299) / add_307)  # [16×2]
    mul_311 = R["optim/weight-decay"] * R["3/1.linear/bias"]  # [2]
    add_312 = reshape_133 + mul_311  # [2]
    sub_315 = add_312 - R["optim/adam/m/3/1.linear/bias"]  # [2]
    add_317 = R["optim/adam/m/3/1.linear/bias"] + (sub_199 * sub_315)  # [2]
    sub_319 = (add_312 * add_312) - R["optim/adam/v/3/1.linear/bias"]  # [2]
    add_321 = R["optim/adam/v/3/1.linear/bias"] + (sub_200 * sub_319)  # [2]
    add_324 = torch.sqrt(add_321 / sub_217) + R["optim/epsilon"]  # [2]
    sub_327 = R["3/1.linear/bias"] - ((div_304 * add_317) / add_324)  # [2]
    add_328 = slice_181 + 1.0  # [1]
    lt_330 = (65535.5 < add_328).float()  # [1]
    select_333 = torch.where(iota_9 != 0, slice_182 + lt_330, torch.where(lt_330 != 0, 0.0, add_328))  # [2]
    select_336 = torch.where((add_104 == max_of_105).float() != 0, iota_9, 2.0)  # [32×2]
    reshape_340 = (-(-select_336).amax((1,), keepdim=True)).reshape((32,))  # [32]
    sum_of_342 = (reshape_340 == gather_7).float().sum((0,), keepdim=True)  # [1]
    mul_344 = sum_of_342.reshape(()) * 0.03125  # []
    # what the step leaves
    R["1/1.linear/weight"] = sub_224
    R["optim/adam/m/1/1.linear/weight"] = add_203
    R["optim/adam/v/1/1.linear/weight"] = add_207
    R["1/1.linear/bias"] = sub_241
    R["optim/adam/m/1/1.linear/bias"] = add_231
    R["optim/adam/v/1/1.linear/bias"] = add_235
    R["2/1.route/router"] = sub_258
    R["optim/adam/m/2/1.route/router"] = add_248
    R["optim/adam/v/2/1.route/router"] = add_252
    R["2/1.route/1.linear/weight"] = sub_275
    R["optim/adam/m/2/1.route/1.linear/weight"] = add_265
    R["optim/adam/v/2/1.route/1.linear/weight"] = add_269
    R["2/1.route/1.linear/bias"] = sub_292
    R["optim/adam/m/2/1.route/1.linear/bias"] = add_282
    R["optim/adam/v/2/1.route/1.linear/bias"] = add_286
    R["3/1.linear/weight"] = sub_310
    R["optim/adam/m/3/1.linear/weight"] = add_299
    R["optim/adam/v/3/1.linear/weight"] = add_303
    R["3/1.linear/bias"] = sub_327
    R["optim/adam/m/3/1.linear/bias"] = add_317
    R["optim/adam/v/3/1.linear/bias"] = add_321
    R["2/1.route/bias"] = detach_45
    R["step"] = select_333
    R["loss"] = mul_119
    R["accuracy"] = mul_344
    R["route/2 › 1.route/load"] = mul_79
    R["route/2 › 1.route/entropy"] = neg_94
    R["route/2 › 1.route/dropped"] = mul_84


def evaluate():
    # the run
    broadcast_1 = const(0.0).broadcast_to((2, 2))  # [2×2]
    # what the step leaves
    R["evaluate/confusion"] = broadcast_1
    R["evaluate/train/loss"] = const(0.0)
    R["evaluate/train/accuracy"] = const(0.0)
    R["evaluate/train/chunk"] = const(0.0)
    R["evaluate/test/loss"] = const(0.0)
    R["evaluate/test/accuracy"] = const(0.0)
    R["evaluate/test/chunk"] = const(0.0)


def evaluate_train():
    # the run
    iota_2 = torch.arange(2).float()  # [2]
    add_20 = (R["evaluate/train/chunk"] * 250.0) + torch.arange(250).float()  # [250]
    lt_22 = (add_20 < 800.0).float()  # [250]
    gather_23 = gather(R["train/x"], add_20)  # [250×2]
    gather_24 = gather(R["train/y"], add_20)  # [250]
    eq_26 = (gather_24.reshape((250, 1)) == iota_2).float()  # [250×2]
    # 1 › 1.linear
    add_28 = (gather_23 @ R["1/1.linear/weight"]) + R["1/1.linear/bias"]  # [250×16]
    # 1 › 2.activation
    tanh_29 = torch.tanh(add_28)  # [250×16]
    # 2 › 1.route
    matmul_30 = tanh_29 @ R["2/1.route/router"]  # [250×4]
    argsort_32 = argsort(matmul_30 + R["2/1.route/bias"], True)  # [250×4]
    slice_33 = argsort_32.narrow(1, 0, 2)  # [250×2]
    eq_35 = (slice_33.reshape((250, 2, 1)) == torch.arange(4).float()).float()  # [250×2×4]
    sum_of_38 = (eq_35 * matmul_30.reshape((250, 1, 4))).sum((2,), keepdim=True)  # [250×2×1]
    reshape_39 = sum_of_38.reshape((250, 2))  # [250×2]
    detach_41 = reshape_39.amax((1,), keepdim=True)  # [250×1]
    sum_of_44 = torch.exp(reshape_39 - detach_41).sum((1,), keepdim=True)  # [250×1]
    sub_47 = reshape_39 - (torch.log(sum_of_44) + detach_41)  # [250×2]
    reshape_49 = slice_33.reshape((500,))  # [500]
    argsort_50 = argsort(reshape_49, False)  # [500]
    floor_53 = torch.floor((argsort_50 + 0.5) * 0.5)  # [500]
    gather_54 = gather(tanh_29, floor_53)  # [500×16]
    scatter_56 = scatter_add(reshape_49, const(1.0).broadcast_to((500,)), 4)  # [4]
    gather_57 = gather(reshape_49, argsort_50)  # [500]
    # 2 › 1.route › 1.linear
    grouped_58 = grouped_matmul(gather_54, R["2/1.route/1.linear/weight"], scatter_56, False)  # [500×16]
    gather_59 = gather(R["2/1.route/1.linear/bias"], gather_57)  # [500×16]
    add_60 = grouped_58 + gather_59  # [500×16]
    # 2 › 1.route
    gather_62 = gather(torch.exp(sub_47).reshape((500,)), argsort_50)  # [500]
    scatter_65 = scatter_add(floor_53, add_60 * gather_62.reshape((500, 1)), 250)  # [250×16]
    # 2 › 2.activation
    mul_70 = (scatter_65 * 0.5) * (torch.erf(scatter_65 * 0.70710677) + 1.0)  # [250×16]
    # 3 › 1.linear
    add_72 = (mul_70 @ R["3/1.linear/weight"]) + R["3/1.linear/bias"]  # [250×2]
    # the run
    max_of_73 = add_72.amax((1,), keepdim=True)  # [250×1]
    select_75 = torch.where((add_72 == max_of_73).float() != 0, iota_2, 2.0)  # [250×2]
    reshape_79 = (-(-select_75).amax((1,), keepdim=True)).reshape((250,))  # [250]
    mul_81 = (reshape_79 == gather_24).float() * lt_22  # [250]
    detach_82 = max_of_73  # [250×1]
    sum_of_85 = torch.exp(add_72 - detach_82).sum((1,), keepdim=True)  # [250×1]
    sub_88 = add_72 - (torch.log(sum_of_85) + detach_82)  # [250×2]
    neg_91 = -(eq_26 * sub_88).sum((1,), keepdim=True)  # [250×1]
    sum_of_94 = (neg_91.reshape((250,)) * lt_22).sum((0,), keepdim=True)  # [1]
    add_99 = R["evaluate/train/loss"] + (sum_of_94.reshape(()) * 0.00125)  # []
    reshape_101 = mul_81.sum((0,), keepdim=True).reshape(())  # []
    add_104 = R["evaluate/train/accuracy"] + (reshape_101 * 0.00125)  # []
    add_105 = R["evaluate/train/chunk"] + 1.0  # []
    # what the step leaves
    R["evaluate/train/loss"] = add_99
    R["evaluate/train/accuracy"] = add_104
    R["evaluate/train/chunk"] = add_105


def evaluate_test():
    # the run
    iota_0 = torch.arange(2).float()  # [2]
    add_18 = (R["evaluate/test/chunk"] * 200.0) + torch.arange(200).float()  # [200]
    lt_19 = (add_18 < 200.0).float()  # [200]
    gather_22 = gather(R["test/x"], add_18)  # [200×2]
    gather_23 = gather(R["test/y"], add_18)  # [200]
    eq_25 = (gather_23.reshape((200, 1)) == iota_0).float()  # [200×2]
    # 1 › 1.linear
    add_27 = (gather_22 @ R["1/1.linear/weight"]) + R["1/1.linear/bias"]  # [200×16]
    # 1 › 2.activation
    tanh_28 = torch.tanh(add_27)  # [200×16]
    # 2 › 1.route
    matmul_29 = tanh_28 @ R["2/1.route/router"]  # [200×4]
    argsort_31 = argsort(matmul_29 + R["2/1.route/bias"], True)  # [200×4]
    slice_32 = argsort_31.narrow(1, 0, 2)  # [200×2]
    eq_34 = (slice_32.reshape((200, 2, 1)) == torch.arange(4).float()).float()  # [200×2×4]
    sum_of_37 = (eq_34 * matmul_29.reshape((200, 1, 4))).sum((2,), keepdim=True)  # [200×2×1]
    reshape_38 = sum_of_37.reshape((200, 2))  # [200×2]
    detach_40 = reshape_38.amax((1,), keepdim=True)  # [200×1]
    sum_of_43 = torch.exp(reshape_38 - detach_40).sum((1,), keepdim=True)  # [200×1]
    sub_46 = reshape_38 - (torch.log(sum_of_43) + detach_40)  # [200×2]
    reshape_48 = slice_32.reshape((400,))  # [400]
    argsort_49 = argsort(reshape_48, False)  # [400]
    floor_52 = torch.floor((argsort_49 + 0.5) * 0.5)  # [400]
    gather_53 = gather(tanh_28, floor_52)  # [400×16]
    scatter_55 = scatter_add(reshape_48, const(1.0).broadcast_to((400,)), 4)  # [4]
    gather_56 = gather(reshape_48, argsort_49)  # [400]
    # 2 › 1.route › 1.linear
    grouped_57 = grouped_matmul(gather_53, R["2/1.route/1.linear/weight"], scatter_55, False)  # [400×16]
    gather_58 = gather(R["2/1.route/1.linear/bias"], gather_56)  # [400×16]
    add_59 = grouped_57 + gather_58  # [400×16]
    # 2 › 1.route
    gather_61 = gather(torch.exp(sub_46).reshape((400,)), argsort_49)  # [400]
    scatter_64 = scatter_add(floor_52, add_59 * gather_61.reshape((400, 1)), 200)  # [200×16]
    # 2 › 2.activation
    mul_70 = (scatter_64 * 0.5) * (torch.erf(scatter_64 * 0.70710677) + 1.0)  # [200×16]
    # 3 › 1.linear
    add_72 = (mul_70 @ R["3/1.linear/weight"]) + R["3/1.linear/bias"]  # [200×2]
    # the run
    max_of_73 = add_72.amax((1,), keepdim=True)  # [200×1]
    select_75 = torch.where((add_72 == max_of_73).float() != 0, iota_0, 2.0)  # [200×2]
    reshape_79 = (-(-select_75).amax((1,), keepdim=True)).reshape((200,))  # [200]
    mul_81 = (reshape_79 == gather_23).float() * lt_19  # [200]
    detach_82 = max_of_73  # [200×1]
    sum_of_85 = torch.exp(add_72 - detach_82).sum((1,), keepdim=True)  # [200×1]
    sub_88 = add_72 - (torch.log(sum_of_85) + detach_82)  # [200×2]
    neg_91 = -(eq_25 * sub_88).sum((1,), keepdim=True)  # [200×1]
    sum_of_94 = (neg_91.reshape((200,)) * lt_19).sum((0,), keepdim=True)  # [1]
    add_98 = R["evaluate/test/loss"] + (sum_of_94.reshape(()) * 0.005)  # []
    reshape_100 = mul_81.sum((0,), keepdim=True).reshape(())  # []
    add_103 = R["evaluate/test/accuracy"] + (reshape_100 * 0.005)  # []
    add_104 = R["evaluate/test/chunk"] + 1.0  # []
    eq_106 = (reshape_79.reshape((200, 1)) == iota_0).float()  # [200×2]
    matmul_109 = (eq_25 * lt_19.reshape((200, 1))).mT @ eq_106  # [2×2]
    add_111 = R["evaluate/confusion"] + matmul_109  # [2×2]
    # what the step leaves
    R["evaluate/test/loss"] = add_98
    R["evaluate/test/accuracy"] = add_103
    R["evaluate/test/chunk"] = add_104
    R["evaluate/confusion"] = add_111


def scores():
    """Loss and accuracy over samples of the training split, then of the test split."""
    for part in [evaluate, *[evaluate_train] * 4, evaluate_test]:
        part()
    return [R["evaluate/train/loss"].item(), R["evaluate/train/accuracy"].item(), R["evaluate/test/loss"].item(), R["evaluate/test/accuracy"].item()]


if __name__ == "__main__":
    about = argparse.ArgumentParser()
    about.add_argument("--steps", type=int, default=1000)
    about.add_argument("--from", dest="origin", default=pathlib.Path(__file__).parent / "train.safetensors")
    asked = about.parse_args()
    load(asked.origin)
    for n in range(1, asked.steps + 1):
        step()
        print(f"step {n}: loss {R['loss'].item():.9g}, accuracy {R['accuracy'].item():.9g}")
    print("train loss {:.9g}, accuracy {:.9g}; test loss {:.9g}, accuracy {:.9g}".format(*scores()))
