;; The inner loops of the u8 codec and the scan for what is not finite, four or two lanes at a time. All work on one
;; slice in the module's own memory (simd.ts copies in and out) and compute the bits that plain IEEE arithmetic of
;; src/reference/u8_blockwise.ts gives: no relaxed instruction, no flushing of subnormals, no fused multiply and add.
;;
;;   0       values  f32 [16384]
;;   65536   codes   u8  [16384]
;;   81920   scales  f32 [16]       one a block of 1024
;;
;; `elements` is a multiple of 16, 16384 at most. All addresses below are in bytes; a block's values are 4096, its codes
;; 1024 and its scale 4, so a block of values at $at has codes at 65536 + $at / 4 and its scale at 81920 + $at / 1024.
(module
  (memory (export "memory") 2 2)

  ;; Index of the first value whose exponent is all ones, or -1.
  (func (export "firstNonFinite") (param $elements i32) (result i32)
    (local $at i32) (local $end i32) (local $exponent v128)
    (local.set $end (i32.shl (local.get $elements) (i32.const 2)))
    (local.set $exponent (v128.const i32x4 0x7f800000 0x7f800000 0x7f800000 0x7f800000))
    (block $none
      (block $found
        (loop $next
          (br_if $none (i32.ge_u (local.get $at) (local.get $end)))
          (br_if $found (v128.any_true (v128.or
            (v128.or
              (i32x4.eq (v128.and (v128.load (local.get $at)) (local.get $exponent)) (local.get $exponent))
              (i32x4.eq (v128.and (v128.load offset=16 (local.get $at)) (local.get $exponent))
                (local.get $exponent)))
            (v128.or
              (i32x4.eq (v128.and (v128.load offset=32 (local.get $at)) (local.get $exponent))
                (local.get $exponent))
              (i32x4.eq (v128.and (v128.load offset=48 (local.get $at)) (local.get $exponent))
                (local.get $exponent))))))
          (local.set $at (i32.add (local.get $at) (i32.const 64)))
          (br $next)))
      ;; One of the sixteen from $at on.
      (loop $next
        (if (i32.eq (i32.and (i32.load (local.get $at)) (i32.const 0x7f800000)) (i32.const 0x7f800000))
          (then (return (i32.shr_u (local.get $at) (i32.const 2)))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $next)))
    (i32.const -1))

  ;; Values to scales and codes. Index of the first block that has no usable scale, where it stops, or -1.
  ;;   scale = fround(max|x| / 127), 0 below the smallest normal f32;  code = round_half_even(x · (1 / scale)) + 128
  ;; Adding 1.5·2⁵² leaves the rounded level in the low half of an f64: no further conversion is needed.
  (func (export "encode") (param $elements i32) (result i32)
    (local $at i32) (local $end i32) (local $blockEnd i32) (local $to i32)
    (local $magnitude v128) (local $largest v128) (local $scale f32) (local $inverse v128) (local $shift v128)
    (local.set $end (i32.shl (local.get $elements) (i32.const 2)))
    (local.set $to (i32.const 65536))
    (local.set $magnitude (v128.const i32x4 0x7fffffff 0x7fffffff 0x7fffffff 0x7fffffff))
    (local.set $shift (v128.const f64x2 6755399441055744 6755399441055744))
    (block $done
      (loop $nextBlock
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $blockEnd (i32.add (local.get $at) (i32.const 4096)))
        (if (i32.gt_u (local.get $blockEnd) (local.get $end)) (then (local.set $blockEnd (local.get $end))))
        ;; Magnitudes compare as integers; what is not finite is the largest.
        (local.set $largest (v128.const i64x2 0 0))
        (local.set $scale (f32.const 0))
        (loop $next
          (local.set $largest (i32x4.max_s (local.get $largest) (i32x4.max_s
            (i32x4.max_s
              (v128.and (v128.load (local.get $at)) (local.get $magnitude))
              (v128.and (v128.load offset=16 (local.get $at)) (local.get $magnitude)))
            (i32x4.max_s
              (v128.and (v128.load offset=32 (local.get $at)) (local.get $magnitude))
              (v128.and (v128.load offset=48 (local.get $at)) (local.get $magnitude))))))
          (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $blockEnd))))
        (local.set $largest (i32x4.max_s (local.get $largest)
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $largest) (local.get $largest))))
        (local.set $largest (i32x4.max_s (local.get $largest)
          (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $largest) (local.get $largest))))
        (local.set $at (i32.and (i32.sub (local.get $at) (i32.const 1)) (i32.const -4096)))
        (local.set $scale (f32.demote_f64 (f64.div
          (f64.promote_f32 (f32x4.extract_lane 0 (local.get $largest))) (f64.const 127))))
        ;; Code 0 stands for -128 and must be finite too. An infinity or NaN stays one through it all.
        (if (i32.eqz (f32.lt (f32.mul (local.get $scale) (f32.const 128)) (f32.const inf)))
          (then (return (i32.shr_u (local.get $at) (i32.const 12)))))
        ;; With an inverse of 0 all levels are 0.
        (local.set $inverse (v128.const i64x2 0 0))
        (if (f32.lt (local.get $scale) (f32.const 0x1p-126))
          (then (local.set $scale (f32.const 0)))
          (else (local.set $inverse (f64x2.splat (f64.div (f64.const 1) (f64.promote_f32 (local.get $scale)))))))
        (f32.store offset=81920 (i32.shr_u (local.get $at) (i32.const 10)) (local.get $scale))
        (loop $next
          (v128.store (local.get $to) (v128.xor
            (v128.const i64x2 0x8080808080808080 0x8080808080808080)
            (i8x16.narrow_i16x8_s
              (i16x8.narrow_i32x4_s
                (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
                  (f64x2.add (local.get $shift) (f64x2.mul (local.get $inverse)
                    (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $at)))))
                  (f64x2.add (local.get $shift) (f64x2.mul (local.get $inverse)
                    (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $at))))))
                (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
                  (f64x2.add (local.get $shift) (f64x2.mul (local.get $inverse)
                    (f64x2.promote_low_f32x4 (v128.load64_zero offset=16 (local.get $at)))))
                  (f64x2.add (local.get $shift) (f64x2.mul (local.get $inverse)
                    (f64x2.promote_low_f32x4 (v128.load64_zero offset=24 (local.get $at)))))))
              (i16x8.narrow_i32x4_s
                (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
                  (f64x2.add (local.get $shift) (f64x2.mul (local.get $inverse)
                    (f64x2.promote_low_f32x4 (v128.load64_zero offset=32 (local.get $at)))))
                  (f64x2.add (local.get $shift) (f64x2.mul (local.get $inverse)
                    (f64x2.promote_low_f32x4 (v128.load64_zero offset=40 (local.get $at))))))
                (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
                  (f64x2.add (local.get $shift) (f64x2.mul (local.get $inverse)
                    (f64x2.promote_low_f32x4 (v128.load64_zero offset=48 (local.get $at)))))
                  (f64x2.add (local.get $shift) (f64x2.mul (local.get $inverse)
                    (f64x2.promote_low_f32x4 (v128.load64_zero offset=56 (local.get $at))))))))))
          (local.set $to (i32.add (local.get $to) (i32.const 16)))
          (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $blockEnd))))
        (br $nextBlock)))
    (i32.const -1))

  ;; Codes and scales to values, overwritten: (code - 128) · scale, rounded once.
  (func (export "decode") (param $elements i32)
    (local $at i32) (local $end i32) (local $blockEnd i32) (local $from i32) (local $scale v128)
    (local $codes v128) (local $low v128) (local $high v128)
    (local.set $end (i32.shl (local.get $elements) (i32.const 2)))
    (local.set $from (i32.const 65536))
    (block $done
      (loop $nextBlock
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $blockEnd (i32.add (local.get $at) (i32.const 4096)))
        (if (i32.gt_u (local.get $blockEnd) (local.get $end)) (then (local.set $blockEnd (local.get $end))))
        (local.set $scale (v128.load32_splat offset=81920 (i32.shr_u (local.get $at) (i32.const 10))))
        (loop $next
          (local.set $codes (v128.xor (v128.load (local.get $from))
            (v128.const i64x2 0x8080808080808080 0x8080808080808080)))
          (local.set $low (i16x8.extend_low_i8x16_s (local.get $codes)))
          (local.set $high (i16x8.extend_high_i8x16_s (local.get $codes)))
          (v128.store (local.get $at) (f32x4.mul (local.get $scale)
            (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $low)))))
          (v128.store offset=16 (local.get $at) (f32x4.mul (local.get $scale)
            (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $low)))))
          (v128.store offset=32 (local.get $at) (f32x4.mul (local.get $scale)
            (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $high)))))
          (v128.store offset=48 (local.get $at) (f32x4.mul (local.get $scale)
            (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $high)))))
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $blockEnd))))
        (br $nextBlock))))

  ;; Adds fround(share · fround((code - 128) · scale)) to the values.
  (func (export "accumulate") (param $elements i32) (param $share f32)
    (local $at i32) (local $end i32) (local $blockEnd i32) (local $from i32) (local $scale v128) (local $shares v128)
    (local $codes v128) (local $low v128) (local $high v128)
    (local.set $end (i32.shl (local.get $elements) (i32.const 2)))
    (local.set $from (i32.const 65536))
    (local.set $shares (f32x4.splat (local.get $share)))
    (block $done
      (loop $nextBlock
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $blockEnd (i32.add (local.get $at) (i32.const 4096)))
        (if (i32.gt_u (local.get $blockEnd) (local.get $end)) (then (local.set $blockEnd (local.get $end))))
        (local.set $scale (v128.load32_splat offset=81920 (i32.shr_u (local.get $at) (i32.const 10))))
        (loop $next
          (local.set $codes (v128.xor (v128.load (local.get $from))
            (v128.const i64x2 0x8080808080808080 0x8080808080808080)))
          (local.set $low (i16x8.extend_low_i8x16_s (local.get $codes)))
          (local.set $high (i16x8.extend_high_i8x16_s (local.get $codes)))
          (v128.store (local.get $at) (f32x4.add (v128.load (local.get $at))
            (f32x4.mul (local.get $shares) (f32x4.mul (local.get $scale)
              (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $low)))))))
          (v128.store offset=16 (local.get $at) (f32x4.add (v128.load offset=16 (local.get $at))
            (f32x4.mul (local.get $shares) (f32x4.mul (local.get $scale)
              (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $low)))))))
          (v128.store offset=32 (local.get $at) (f32x4.add (v128.load offset=32 (local.get $at))
            (f32x4.mul (local.get $shares) (f32x4.mul (local.get $scale)
              (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $high)))))))
          (v128.store offset=48 (local.get $at) (f32x4.add (v128.load offset=48 (local.get $at))
            (f32x4.mul (local.get $shares) (f32x4.mul (local.get $scale)
              (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $high)))))))
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64))) (local.get $blockEnd))))
        (br $nextBlock)))))
