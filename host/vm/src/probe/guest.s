# The guest of the KVM probe: the steps from reset to a running kernel that a hypervisor gets wrong when it is
# itself virtualised badly. It ends QEMU through isa-debug-exit (port 0xf4) with the value 0x2a, and only after
# every step worked; any fault is a triple fault, a reset, and no value.
#
#   as --64 guest.s -o guest.o && objcopy -O binary guest.o guest.bin
#
# The bytes stand in guest.rs; a test assembles this file and compares. The code lies at the start of a 64 KiB ROM
# that QEMU maps at 0xf0000 and below 4 GiB; the reset vector jumps to f000:0000.

        .set    ROM, 0xf0000
        .set    PML4, 0x1000            # page tables and IDT in low memory, nothing else uses it
        .set    PDPT, 0x2000
        .set    PD_LOW, 0x3000
        .set    PD_APIC, 0x4000
        .set    IDT, 0x5000
        .set    STACK, 0x8000
        .set    FAR, 0x1000000          # 16 MiB, where a kernel would run
        .set    APIC, 0xfee00000

# Real mode: stack, string instructions, a far jump into protected mode.
        .code16
start:  cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $STACK, %sp
        movw    $PML4, %di
        movw    $0x2800, %cx            # clears up to 0x6000 in words
        rep stosw
        lgdtl   %cs:gdtr - start
        movl    %cr0, %eax
        andl    $0x9fffffff, %eax       # caches on
        orl     $1, %eax
        movl    %eax, %cr0
        ljmpl   $8, $ROM + protected - start

# Protected mode: identity map of the first GiB and of the local APIC in pages of 2 MiB, then long mode.
        .code32
protected:
        movw    $16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $PDPT + 3, PML4
        movl    $PD_LOW + 3, PDPT
        movl    $PD_APIC + 3, PDPT + 3 * 8
        movl    $PD_LOW, %edi
        movl    $0x83, %eax
1:      movl    %eax, (%edi)
        addl    $8, %edi
        addl    $0x200000, %eax
        cmpl    $PD_LOW + 0x1000, %edi
        jne     1b
        movl    $APIC + 0x93, PD_APIC + 0x1f7 * 8
        movl    %cr4, %eax
        orl     $0x620, %eax            # PAE, OSFXSR, OSXMMEXCPT
        movl    %eax, %cr4
        movl    $PML4, %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx       # EFER
        rdmsr
        orl     $0x100, %eax            # long mode
        wrmsr
        movl    %cr0, %eax
        orl     $0x80010000, %eax       # paging, write protection
        movl    %eax, %cr0
        ljmpl   $24, $ROM + long - start

# Long mode: cpuid, SSE, code copied to 16 MiB, an exception, an interrupt that ends a halt.
        .code64
long:   xorl    %eax, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    $STACK, %esp
        movl    $0x80000001, %eax
        cpuid
        btl     $29, %edx               # the processor knows the mode that it is in
        jnc     fail
        movl    $ROM + far - start, %esi
        movl    $FAR, %edi
        movl    $end - far, %ecx
        rep movsb
        movl    $FAR, %eax
        jmp     *%rax
fail:   ud2                             # no IDT yet: a triple fault

far:    movl    $FAR + invalid - far, %eax
        movl    $IDT + 6 * 16, %edi
        call    gate
        movl    $FAR + timer - far, %eax
        movl    $IDT + 0x40 * 16, %edi
        call    gate
        lidt    idtr(%rip)
        movq    %rsp, %xmm0
        ud2                             # handled by invalid
        movq    %xmm0, %rax
        cmpq    %rax, %rsp
        jne     hang
        movl    $APIC, %ebx
        movl    $0x1ff, 0xf0(%rbx)      # APIC on
        movl    $0xb, 0x3e0(%rbx)       # timer counts every tick of the bus
        movl    $0x40, 0x320(%rbx)      # once, vector 0x40
        movl    $0x100000, 0x380(%rbx)
        sti
hang:   hlt
        jmp     hang

gate:   movw    %ax, (%rdi)             # offset; below 4 GiB, so its upper half stays 0
        shrl    $16, %eax
        movw    %ax, 6(%rdi)
        movl    $0x8e000018, %eax       # code segment 24, interrupt gate
        movw    %ax, 2(%rdi)
        shrl    $16, %eax
        movw    %ax, 4(%rdi)
        ret

invalid:
        addq    $2, (%rsp)              # go on behind the ud2
        iretq

timer:  movb    $0x2a, %al
        outb    %al, $0xf4
1:      hlt
        jmp     1b

        .balign 4, 0xcc
idtr:   .word   0x41 * 16 - 1
        .quad   IDT
end:

        .balign 8, 0xcc
gdt:    .quad   0
        .quad   0x00cf9a000000ffff      # 8: code, 32 bits
        .quad   0x00cf92000000ffff      # 16: data
        .quad   0x00af9a000000ffff      # 24: code, 64 bits
gdtr:   .word   gdtr - gdt - 1
        .long   ROM + gdt - start
