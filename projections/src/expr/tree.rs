//! Walking an expression.

use super::Expr;

impl Expr {
    /// Calls `visit` with this expression and every one inside it, outer before inner.
    pub fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        visit(self);
        self.children(&mut |child| child.walk(visit));
    }

    /// Calls `change` with this expression and every one inside it, inner before outer.
    pub fn walk_mut(&mut self, change: &mut dyn FnMut(&mut Expr)) {
        self.children_mut(&mut |child| child.walk_mut(change));
        change(self);
    }

    pub(super) fn children<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        match self {
            Expr::Literal(_) | Expr::Column { .. } | Expr::Param(_) => {}
            Expr::Call { args, .. } | Expr::And(args) | Expr::Or(args) | Expr::Coalesce(args) => args.iter().for_each(visit),
            Expr::Object(members) => members.iter().for_each(|(_, value)| visit(value)),
            Expr::Parse { text: child, .. } | Expr::Each { array: child, .. } => visit(child),
            Expr::In { value, list } => {
                visit(value);
                list.iter().for_each(visit);
            }
            Expr::Case { arms, otherwise } => {
                for (condition, result) in arms {
                    visit(condition);
                    visit(result);
                }
                visit(otherwise);
            }
        }
    }

    fn children_mut(&mut self, visit: &mut dyn FnMut(&mut Expr)) {
        match self {
            Expr::Literal(_) | Expr::Column { .. } | Expr::Param(_) => {}
            Expr::Call { args, .. } | Expr::And(args) | Expr::Or(args) | Expr::Coalesce(args) => args.iter_mut().for_each(visit),
            Expr::Object(members) => members.iter_mut().for_each(|(_, value)| visit(value)),
            Expr::Parse { text: child, .. } | Expr::Each { array: child, .. } => visit(child),
            Expr::In { value, list } => {
                visit(value);
                list.iter_mut().for_each(visit);
            }
            Expr::Case { arms, otherwise } => {
                for (condition, result) in arms {
                    visit(condition);
                    visit(result);
                }
                visit(otherwise);
            }
        }
    }
}
