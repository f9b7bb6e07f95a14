#include "textflag.h"

// func tileAVX2(depth int, a *float32, aStep int, panel, bias *float32, low, high float32, dst *float32, dstStep int)
//
// Y0..Y7 hold the tile, two registers for each of its four rows.
TEXT ·tileAVX2(SB), NOSPLIT, $0-64
	MOVQ depth+0(FP), CX
	MOVQ a+8(FP), R8
	MOVQ aStep+16(FP), AX
	MOVQ panel+24(FP), BX
	MOVQ bias+32(FP), DX
	MOVQ dst+48(FP), DI
	MOVQ dstStep+56(FP), SI
	LEAQ (R8)(AX*4), R9
	LEAQ (R9)(AX*4), R10
	LEAQ (R10)(AX*4), R11
	VMOVUPS (DX), Y0
	VMOVUPS 32(DX), Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y1, Y3
	VMOVAPS Y0, Y4
	VMOVAPS Y1, Y5
	VMOVAPS Y0, Y6
	VMOVAPS Y1, Y7
	XORQ R12, R12

tile_sum:
	VMOVUPS (BX), Y8
	VMOVUPS 32(BX), Y9
	VBROADCASTSS (R8)(R12*4), Y10
	VBROADCASTSS (R9)(R12*4), Y11
	VBROADCASTSS (R10)(R12*4), Y12
	VBROADCASTSS (R11)(R12*4), Y13
	VFMADD231PS Y8, Y10, Y0
	VFMADD231PS Y9, Y10, Y1
	VFMADD231PS Y8, Y11, Y2
	VFMADD231PS Y9, Y11, Y3
	VFMADD231PS Y8, Y12, Y4
	VFMADD231PS Y9, Y12, Y5
	VFMADD231PS Y8, Y13, Y6
	VFMADD231PS Y9, Y13, Y7
	ADDQ $64, BX
	INCQ R12
	CMPQ R12, CX
	JLT  tile_sum

	// The sum is the last source, so that NaN stays NaN.
	VBROADCASTSS low+40(FP), Y8
	VBROADCASTSS high+44(FP), Y9
	VMAXPS Y0, Y8, Y0
	VMAXPS Y1, Y8, Y1
	VMAXPS Y2, Y8, Y2
	VMAXPS Y3, Y8, Y3
	VMAXPS Y4, Y8, Y4
	VMAXPS Y5, Y8, Y5
	VMAXPS Y6, Y8, Y6
	VMAXPS Y7, Y8, Y7
	VMINPS Y0, Y9, Y0
	VMINPS Y1, Y9, Y1
	VMINPS Y2, Y9, Y2
	VMINPS Y3, Y9, Y3
	VMINPS Y4, Y9, Y4
	VMINPS Y5, Y9, Y5
	VMINPS Y6, Y9, Y6
	VMINPS Y7, Y9, Y7
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	LEAQ (DI)(SI*4), DI
	VMOVUPS Y2, (DI)
	VMOVUPS Y3, 32(DI)
	LEAQ (DI)(SI*4), DI
	VMOVUPS Y4, (DI)
	VMOVUPS Y5, 32(DI)
	LEAQ (DI)(SI*4), DI
	VMOVUPS Y6, (DI)
	VMOVUPS Y7, 32(DI)
	VZEROUPPER
	RET

// func tapsAVX2(channels int, out, src *float32, positions *int, filter *float32, weights *int, count int, bias *float32, low, high float32)
//
// Sixteen channels at a time in Y0 and Y1; SI, BX, DX and DI move along with them.
TEXT ·tapsAVX2(SB), NOSPLIT, $0-72
	MOVQ channels+0(FP), CX
	MOVQ out+8(FP), DI
	MOVQ src+16(FP), SI
	MOVQ positions+24(FP), R8
	MOVQ filter+32(FP), BX
	MOVQ weights+40(FP), R9
	MOVQ count+48(FP), R10
	MOVQ bias+56(FP), DX
	VBROADCASTSS low+64(FP), Y8
	VBROADCASTSS high+68(FP), Y9

taps_channels:
	VMOVUPS (DX), Y0
	VMOVUPS 32(DX), Y1
	XORQ R11, R11

taps_sum:
	MOVQ (R8)(R11*8), R12
	MOVQ (R9)(R11*8), R13
	VMOVUPS (SI)(R12*4), Y2
	VMOVUPS 32(SI)(R12*4), Y3
	VFMADD231PS (BX)(R13*4), Y2, Y0
	VFMADD231PS 32(BX)(R13*4), Y3, Y1
	INCQ R11
	CMPQ R11, R10
	JLT  taps_sum

	VMAXPS Y0, Y8, Y0
	VMAXPS Y1, Y8, Y1
	VMINPS Y0, Y9, Y0
	VMINPS Y1, Y9, Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ $64, SI
	ADDQ $64, BX
	ADDQ $64, DX
	ADDQ $64, DI
	SUBQ $16, CX
	JGT  taps_channels
	VZEROUPPER
	RET
