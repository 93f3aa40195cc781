//! The functions of our own in C++ against libtorch's, values and gradients: without dropout in double precision, with it on the same masks.

use finetop_engine::model::attention::by_heads;
use finetop_engine::native::{self, Group, Update};
use tch::{Device, Kind, Tensor};

const ALLOWED: f64 = 1e-5;

fn numbers(shape: &[i64]) -> Tensor {
    Tensor::randn(shape, (Kind::Float, Device::Cpu))
}

/// The value of `function` at `inputs` in `kind` and the gradient of a weighted sum of it by each of them.
fn value_and_gradients(function: &dyn Fn(&[Tensor]) -> Tensor, inputs: &[Tensor], kind: Kind) -> Vec<Tensor> {
    let inputs: Vec<Tensor> = inputs.iter().map(|input| input.to_kind(kind).copy().set_requires_grad(true)).collect();
    let value = function(&inputs);
    let n = value.numel() as i64;
    // The same in both kinds, to the last bit.
    let weights = (Tensor::arange(n, (Kind::Double, Device::Cpu)) * 1.7).sin() + 0.3;
    let weights = weights.to_kind(Kind::Float).to_kind(kind).view_as(&value);
    (&value * weights).sum(kind).backward();
    std::iter::once(value.detach()).chain(inputs.iter().map(Tensor::grad)).collect()
}

fn assert_equal(name: &str, ours: &[Tensor], theirs: &[Tensor]) {
    for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let theirs = theirs.to_kind(Kind::Double);
        let difference = (ours.to_kind(Kind::Double) - &theirs).abs().max().double_value(&[]);
        let allowed = ALLOWED * (1.0 + theirs.abs().max().double_value(&[]));
        assert!(difference < allowed, "{name}, part {index}: differs by {difference}, more than {allowed}");
    }
}

fn check(name: &str, ours: &dyn Fn(&[Tensor]) -> Tensor, theirs: &dyn Fn(&[Tensor]) -> Tensor, inputs: &[Tensor]) {
    assert_equal(name, &value_and_gradients(ours, inputs, Kind::Float), &value_and_gradients(theirs, inputs, Kind::Double));
}

/// What dropout of `p` multiplies the elements of a tensor of this shape by, under the seed that is next.
fn factors(shape: &[i64], p: f64) -> Tensor {
    native::dropout(&Tensor::ones(shape, (Kind::Float, Device::Cpu)), p)
}

/// Ours with dropout equals theirs with the factors that the same seed gives.
fn check_dropout(
    name: &str,
    ours: &dyn Fn(&[Tensor]) -> Tensor,
    theirs: &dyn Fn(&[Tensor], &Tensor) -> Tensor,
    factors: &dyn Fn() -> Tensor,
    inputs: &[Tensor],
) {
    native::seed(11);
    let factors = factors().to_kind(Kind::Double);
    native::seed(11);
    let ours = value_and_gradients(ours, inputs, Kind::Float);
    assert_equal(name, &ours, &value_and_gradients(&|inputs| theirs(inputs, &factors), inputs, Kind::Double));
}

#[test]
fn layer_norm_of_a_sum_equals_libtorchs_at_any_width() {
    for width in [384, 24, 37] {
        let inputs = [numbers(&[5, 9, width]), numbers(&[5, 9, width]) * 2.0 + 1.0, numbers(&[width]), numbers(&[width])];
        let theirs = |sum: Tensor, x: &[Tensor]| sum.layer_norm([width], Some(&x[2]), Some(&x[3]), 1e-12, false);
        let ours = |p: f64| move |x: &[Tensor]| native::add_norm(&x[0], &x[1], (&x[2], &x[3]), 1e-12, p);
        check("no dropout", &ours(0.0), &|x| theirs(&x[0] + &x[1], x), &inputs);
        let shape = [5, 9, width];
        check_dropout("dropout", &ours(0.3), &|x, f| theirs(&x[0] * f + &x[1], x), &|| factors(&shape, 0.3), &inputs);
    }
}

#[test]
fn attention_equals_that_by_heads_with_padding_and_any_number_of_readers() {
    for (heads, size, readers, keys) in [(3, 8, 9, 9), (12, 32, 20, 20), (12, 32, 1, 33), (2, 5, 7, 18), (4, 64, 50, 70)] {
        let (rows, hidden) = (4, heads * size);
        let mask = Tensor::zeros([rows, 1, 1, keys], (Kind::Float, Device::Cpu));
        let _ = mask.get(1).narrow(-1, keys - 3, 3).fill_(f64::from(f32::MIN));
        let _ = mask.get(3).narrow(-1, 1, keys - 1).fill_(f64::from(f32::MIN));
        let inputs = [numbers(&[rows, readers, hidden]) * 2.0, numbers(&[rows, keys, hidden]) * 2.0, numbers(&[rows, keys, hidden])];
        for mask in [None, Some(&mask)] {
            let of = |x: &[Tensor], p: f64| native::attention(&x[0], [&x[1], &x[2]], mask, heads, p);
            let theirs = |x: &[Tensor]| {
                let mask = mask.map(|mask| mask.to_kind(Kind::Double));
                by_heads(&x[0], [&x[1], &x[2]], mask.as_ref(), heads, 0.0)
            };
            check("no dropout", &|x| of(x, 0.0), &theirs, &inputs);
            let dropped = |x: &[Tensor], factors: &Tensor| {
                let heads_of = |x: &Tensor| x.view([rows, -1, heads, size]).transpose(1, 2);
                let scores = heads_of(&x[0]).matmul(&heads_of(&x[1]).transpose(2, 3)) * (size as f64).powf(-0.5);
                let scores = mask.map_or_else(|| scores.shallow_clone(), |mask| &scores + mask.to_kind(Kind::Double));
                let context = (scores.softmax(-1, Kind::Double) * factors).matmul(&heads_of(&x[2]));
                context.transpose(1, 2).reshape([rows, readers, hidden])
            };
            check_dropout("dropout", &|x| of(x, 0.2), &dropped, &|| factors(&[rows, heads, readers, keys], 0.2), &inputs);
        }
    }
}

#[test]
fn attention_repeats_its_bits_with_and_without_a_gradient() {
    let inputs = [numbers(&[5, 17, 48]), numbers(&[5, 17, 48]), numbers(&[5, 17, 48])];
    let run = || value_and_gradients(&|x| native::attention(&x[0], [&x[1], &x[2]], None, 3, 0.0), &inputs, Kind::Float);
    let (one, again) = (run(), run());
    for (one, again) in one.iter().zip(&again) {
        assert!(one == again);
    }
    let plain = tch::no_grad(|| native::attention(&inputs[0], [&inputs[1], &inputs[2]], None, 3, 0.0));
    assert!(plain == one[0]);
}

#[test]
fn a_low_rank_update_equals_its_products() {
    let inputs = [numbers(&[3, 5, 11]), numbers(&[3, 5, 13]), numbers(&[2, 13]), numbers(&[11, 2])];
    let ours = |p: f64| move |x: &[Tensor]| native::low_rank(&x[0], &x[1], (&x[2], &x[3]), 1.7, p);
    let theirs = |x: &[Tensor], dropped: &Tensor| &x[0] + dropped.linear::<Tensor>(&x[2], None).linear::<Tensor>(&x[3], None) * 1.7;
    check("no dropout", &ours(0.0), &|x| theirs(x, &x[1]), &inputs);
    check_dropout(
        "dropout",
        &ours(0.4),
        &|x, factors| theirs(x, &(&x[1] * factors)),
        &|| factors(&[15, 13], 0.4).view([3, 5, 13]),
        &inputs,
    );
}

#[test]
fn an_update_of_the_rows_that_have_a_gradient_is_that_of_the_whole_table() {
    const ROWS: i64 = 600;
    for (width, weight_decay) in [(384, 0.01), (37, 0.0)] {
        let zeros = || Tensor::zeros([ROWS, width], (Kind::Float, Device::Cpu));
        let start = numbers(&[ROWS, width]);
        let [(by_rows, rows_first, rows_second), (whole, first, second)] = [(); 2].map(|()| (start.copy(), zeros(), zeros()));
        let seen = Tensor::zeros([ROWS], (Kind::Bool, Device::Cpu));
        for step in 1..=5_i64 {
            // Some rows twice, some in several steps, most never.
            let rows = (Tensor::arange(40, (Kind::Int64, Device::Cpu)) * 7 + step * 19).remainder(200);
            let rows = Tensor::cat(&[&rows, &rows.narrow(0, 0, 9)], 0);
            let values = numbers(&[49, width]);
            let sparse =
                Tensor::sparse_coo_tensor_indices_size(&rows.unsqueeze(0), &values, [ROWS, width], (Kind::Float, Device::Cpu), false);
            let update = Update {
                step: step as u64,
                learning_rate: 0.01 / step as f64,
                betas: [0.9, 0.99],
                weight_decay,
                epsilon: 1e-6,
                gradient_divisor: 1.7,
            };
            native::adamw_rows(&by_rows, &sparse, [&rows_first, &rows_second], &seen, update);
            let dense = zeros().index_add(0, &rows, &values);
            let group = Group { parameters: &[&whole], gradients: &[&dense], first_moments: &[&first], second_moments: &[&second] };
            native::adamw(group, update);
        }
        for (name, ours, theirs) in [("weights", by_rows, &whole), ("first", rows_first, &first), ("second", rows_second, &second)] {
            let difference = (ours - theirs).abs().max().double_value(&[]);
            assert!(difference < 1e-6, "{name}, width {width}: differs by {difference}");
        }
        let has_moments = second.ne(0.0).any_dim(1, false);
        assert!(seen.equal(&has_moments) && !has_moments.all().equal(&seen.any()), "rows that were seen are those that have moments");
    }
}

#[test]
fn gelu_equals_libtorchs_at_any_size() {
    for n in [1, 16, 37, 384 * 5] {
        let x = numbers(&[n]) * 3.0;
        check("gelu", &|x| native::gelu(&x[0]), &|x| x[0].gelu("none"), &[x]);
    }
    let far = Tensor::from_slice(&[-200.0_f32, -12.0, -0.0, 0.0, 12.0, 200.0, f32::INFINITY, f32::NAN]);
    let ours = Vec::<f32>::try_from(native::gelu(&far)).unwrap();
    assert!(ours[..2].iter().all(|value| value.abs() < 1e-30), "{ours:?}");
    assert_eq!(ours[2..7], [0.0, 0.0, 12.0, 200.0, f32::INFINITY]);
    assert!(ours[7].is_nan() && f32::try_from(native::gelu(&far.to_kind(Kind::BFloat16)).get(7)).unwrap().is_nan());
}

#[test]
fn what_stays_in_bf16_between_two_linear_layers_has_the_bits_that_it_would_be_rounded_to() {
    let inputs = [numbers(&[3, 7, 24]), numbers(&[40, 24]), numbers(&[40]), numbers(&[24, 40]), numbers(&[24])];
    let both = |stays_rounded: bool| {
        let run = move |x: &[Tensor]| {
            let up = native::linear_in_bf16(&x[0], &x[1], &x[2], None, stays_rounded);
            native::linear_in_bf16(&native::gelu(&up), &x[3], &x[4], None, false)
        };
        value_and_gradients(&run, &inputs, Kind::Float)
    };
    let [narrow, wide] = [true, false].map(both);
    for (index, (narrow, wide)) in narrow.iter().zip(&wide).enumerate() {
        // The gradient of the first bias is a sum, of rounded numbers here and of exact ones there.
        let allowed = if index == 3 { wide.abs().max().double_value(&[]) / 128.0 } else { 0.0 };
        let difference = (narrow - wide).abs().max().double_value(&[]);
        assert!(difference <= allowed, "part {index}: differs by {difference}, more than {allowed}");
    }
}
