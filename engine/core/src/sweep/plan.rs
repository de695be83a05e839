//! The candidates of a sweep: every combination of values, numbered, in grid or in random order.

use serde::{Deserialize, Serialize};

use super::{Constraint, Shuffle};

/// Most combinations that are looked at one by one to count those that a constraint allows.
const MOST_COUNTED: u64 = 1_000_000_000;

/// Why a plan cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A parameter has no value.
    #[error("the parameter in place {0} has no value to try")]
    Empty(usize),
    /// The numbers of the candidates do not fit into 64 bits.
    #[error("there are more than 2^63 combinations")]
    TooMany,
    /// No combination satisfies the constraint.
    #[error("no combination of the values satisfies the constraint")]
    Impossible,
}

/// Which parameter sets a sweep tries, and in which order.
///
/// A *position* counts through all combinations in the order in which they are tried; those that the
/// constraint forbids have a position too but are no trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    axes: Vec<Vec<f64>>,
    constraint: Option<Constraint>,
    seed: Option<u64>,
    positions: u64,
    trials: Option<u64>,
}

impl Plan {
    /// Every combination of the values of each parameter; the last parameter changes fastest.
    ///
    /// # Errors
    /// When a parameter has no value, or no combination satisfies the constraint.
    pub fn grid(axes: Vec<Vec<f64>>, constraint: Option<Constraint>) -> Result<Self, PlanError> {
        let mut plan = Self::all(axes, constraint)?;
        plan.trials = plan.count();
        if plan.trials == Some(0) { Err(PlanError::Impossible) } else { Ok(plan) }
    }

    /// `count` different combinations drawn at random, or all when there are no more.
    ///
    /// # Errors
    /// As [`Plan::grid`].
    pub fn random(
        axes: Vec<Vec<f64>>,
        constraint: Option<Constraint>,
        count: u64,
        seed: u64,
    ) -> Result<Self, PlanError> {
        let mut plan = Self::all(axes, constraint)?;
        plan.seed = Some(seed);
        let (mut values, mut found, mut position) = (Vec::new(), 0, 0);
        while found < count && position < plan.positions {
            found += u64::from(plan.values(position, &mut values));
            position += 1;
        }
        (plan.positions, plan.trials) = (position, Some(found));
        if found == 0 { Err(PlanError::Impossible) } else { Ok(plan) }
    }

    /// Every combination in the order of a grid, for whoever chooses among them; those that the
    /// constraint allows are not counted. The seed is that of the search for an allowed one.
    ///
    /// # Errors
    /// As [`Plan::grid`].
    pub fn lattice(
        axes: Vec<Vec<f64>>,
        constraint: Option<Constraint>,
        seed: u64,
    ) -> Result<Self, PlanError> {
        Self::random(axes.clone(), constraint.clone(), 1, seed)?;
        Self::all(axes, constraint)
    }

    fn all(axes: Vec<Vec<f64>>, constraint: Option<Constraint>) -> Result<Self, PlanError> {
        if let Some(empty) = axes.iter().position(Vec::is_empty) {
            return Err(PlanError::Empty(empty));
        }
        let size = |axis: &Vec<f64>| axis.len() as u64;
        let positions = axes.iter().try_fold(1_u64, |all, axis| all.checked_mul(size(axis)));
        let positions = positions.filter(|all| *all < 1 << 63).ok_or(PlanError::TooMany)?;
        Ok(Self { axes, constraint, seed: None, positions, trials: None })
    }

    /// Number of positions.
    #[must_use]
    pub fn positions(&self) -> u64 {
        self.positions
    }

    /// Number of trials; `None` when there are too many combinations to count those that the
    /// constraint allows.
    #[must_use]
    pub fn trials(&self) -> Option<u64> {
        self.trials
    }

    /// The values of each parameter, in the order of the strategy's parameters.
    #[must_use]
    pub fn axes(&self) -> &[Vec<f64>] {
        &self.axes
    }

    /// Writes the parameter set of a position into `values`; whether it is a trial.
    ///
    /// # Panics
    /// When the position is not below [`Plan::positions`].
    pub fn values(&self, position: u64, values: &mut Vec<f64>) -> bool {
        let all = self.axes.iter().map(|axis| axis.len() as u64).product();
        let number = self.seed.map_or(position, |seed| Shuffle::new(all, seed).at(position));
        assert!(number < all, "position {position} is beyond the plan");
        self.combination(number, values);
        self.constraint.as_ref().is_none_or(|constraint| constraint.allows(values))
    }

    fn combination(&self, mut number: u64, values: &mut Vec<f64>) {
        values.clear();
        values.resize(self.axes.len(), 0.0);
        for (axis, value) in self.axes.iter().zip(values).rev() {
            let size = axis.len() as u64;
            *value = axis[(number % size) as usize];
            number /= size;
        }
    }

    /// Counts the allowed combinations over the parameters that the constraint names; each stands for
    /// all combinations of the others.
    fn count(&self) -> Option<u64> {
        let Some(constraint) = &self.constraint else { return Some(self.positions) };
        let named = |index: usize| constraint.names(index);
        let axes = self.axes.iter().enumerate();
        let axes =
            axes.map(|(index, axis)| if named(index) { axis.clone() } else { vec![axis[0]] });
        let part = Self { axes: axes.collect(), ..self.clone() };
        let size: u64 = part.axes.iter().map(|axis| axis.len() as u64).product();
        if size > MOST_COUNTED {
            return None;
        }
        let mut values = Vec::new();
        let allowed = (0..size)
            .filter(|number| {
                part.combination(*number, &mut values);
                constraint.allows(&values)
            })
            .count();
        Some(allowed as u64 * (self.positions / size))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Name, *};

    fn constraint(text: &str) -> Option<Constraint> {
        let names = [Name::number("a"), Name::number("b"), Name::number("c")];
        Some(Constraint::parse(text, &names).unwrap())
    }

    fn trials(plan: &Plan) -> Vec<Vec<f64>> {
        let all = (0..plan.positions()).map(|at| {
            let mut values = Vec::new();
            (plan.values(at, &mut values), values)
        });
        all.filter(|(is_trial, _)| *is_trial).map(|(_, values)| values).collect()
    }

    #[test]
    fn the_last_parameter_changes_fastest_and_the_constraint_leaves_out() {
        let axes = vec![vec![1.0, 2.0], vec![1.0, 2.0, 3.0], vec![7.0]];
        let plan = Plan::grid(axes, constraint("a < b")).unwrap();
        assert_eq!((plan.positions(), plan.trials()), (6, Some(3)));
        assert_eq!(trials(&plan), [[1.0, 2.0, 7.0], [1.0, 3.0, 7.0], [2.0, 3.0, 7.0]]);
    }

    #[test]
    fn the_count_needs_no_look_at_parameters_that_the_constraint_does_not_name() {
        let thousand: Vec<f64> = (0..1000).map(f64::from).collect();
        let plan = Plan::grid(vec![vec![1.0, 2.0], vec![1.5], thousand.clone()], None).unwrap();
        assert_eq!(plan.trials(), Some(2000));
        let plan =
            Plan::grid(vec![vec![1.0, 2.0], vec![1.5], thousand], constraint("a < b")).unwrap();
        assert_eq!(plan.trials(), Some(1000));
    }

    #[test]
    fn random_trials_are_different_allowed_and_those_of_the_seed() {
        let axes = || {
            vec![(0..100).map(f64::from).collect(), (0..100).map(f64::from).collect(), vec![1.0]]
        };
        let plan = |seed| Plan::random(axes(), constraint("a < b"), 50, seed).unwrap();
        let mut drawn = trials(&plan(1));
        assert_eq!((drawn.len(), plan(1).trials()), (50, Some(50)));
        assert!(drawn.iter().all(|values| values[0] < values[1]));
        assert_eq!(drawn, trials(&plan(1)));
        assert_ne!(drawn, trials(&plan(2)));
        drawn.sort_by(|a, b| a.partial_cmp(b).unwrap());
        drawn.dedup();
        assert_eq!(drawn.len(), 50);
        let all = Plan::random(axes(), None, 1_000_000, 3).unwrap();
        assert_eq!(all.trials(), Some(10_000));
    }

    #[test]
    fn empty_impossible_and_endless_plans_are_refused() {
        assert_eq!(Plan::grid(vec![vec![1.0], vec![]], None), Err(PlanError::Empty(1)));
        let one = || vec![vec![1.0], vec![1.0], vec![1.0]];
        assert_eq!(Plan::grid(one(), constraint("a > b")), Err(PlanError::Impossible));
        assert_eq!(Plan::random(one(), constraint("a > b"), 3, 0), Err(PlanError::Impossible));
        let long: Vec<f64> = (0..100_000).map(f64::from).collect();
        assert_eq!(Plan::grid(vec![long; 4], None), Err(PlanError::TooMany));
    }
}
